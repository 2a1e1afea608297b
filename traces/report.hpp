// What a person, or a program, sees of a sweep.
#pragma once

#include <twinwire/traces/explore.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace twinwire::traces {

/// Text for a person: a progress line on a terminal, a paragraph for each group of failures.
class TextReport final : public ExploreListener {
 public:
  /// `replay_command` is put in front of the name of a repro file.
  TextReport(std::string replay_command, bool show_seeds);

  void on_assigned(std::uint64_t first, std::uint64_t last) override;
  void on_outcome(const RunOutcome& outcome) override;
  void on_progress(std::uint64_t done, std::uint64_t total, std::uint64_t failed) override;
  void on_shrinking(const FailureGroup& group, std::uint64_t runs, std::size_t decisions) override;
  void on_group(const FailureGroup& group) override;
  void summary(const ExploreOptions& options, const ExploreResult& result);

 private:
  void clear_line();
  std::string red(const std::string& text) const;

  std::string replay_command_;
  bool show_seeds_;
  bool terminal_;
  bool coloured_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point last_progress_{};
};

/// The same as JSON, an object a line.
class JsonReport final : public ExploreListener {
 public:
  void on_assigned(std::uint64_t first, std::uint64_t last) override;
  void on_outcome(const RunOutcome& outcome) override;
  void on_progress(std::uint64_t, std::uint64_t, std::uint64_t) override {}
  void on_shrinking(const FailureGroup&, std::uint64_t, std::size_t) override {}
  void on_group(const FailureGroup& group) override;
  void summary(const ExploreResult& result);
};

/// A text as a JSON string.
std::string json_string(const std::string& text);

}  // namespace twinwire::traces
