// What a person, or a program, sees of a sweep.
#pragma once

#include <twinwire/traces/corpus.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/replay.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace twinwire::traces {

/// The commands that a report tells, each without its last word.
struct ReportCommands {
  std::string replay;  ///< the name of a repro file follows
  std::string seed;    ///< the number follows
};

/// Text for a person: a progress line on a terminal, a paragraph for each group of failures.
class TextReport final : public ExploreListener {
 public:
  /// The options must outlive the report.
  TextReport(const ExploreOptions& options, ReportCommands commands);

  void on_fewer_workers(unsigned there, unsigned wanted, const std::string& reason) override;
  void on_assigned(std::uint64_t first, std::uint64_t last) override;
  void on_outcome(const RunOutcome& outcome) override;
  void on_progress(std::uint64_t done, std::uint64_t total, std::uint64_t failed) override;
  void on_shrinking(const FailureGroup& group, std::uint64_t runs, std::size_t decisions) override;
  void on_interrupted(const ExploreResult& so_far) override;
  void on_group(const FailureGroup& group) override;
  void summary(const ExploreResult& result);

 private:
  void clear_line();
  std::string red(const std::string& text) const;

  const ExploreOptions& options_;
  ReportCommands commands_;
  bool terminal_;
  bool coloured_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point last_progress_{};
};

/// The same as JSON, an object a line.
class JsonReport final : public ExploreListener {
 public:
  void on_fewer_workers(unsigned there, unsigned wanted, const std::string& reason) override;
  void on_assigned(std::uint64_t first, std::uint64_t last) override;
  void on_outcome(const RunOutcome& outcome) override;
  void on_progress(std::uint64_t, std::uint64_t, std::uint64_t) override {}
  void on_shrinking(const FailureGroup&, std::uint64_t, std::size_t) override {}
  void on_interrupted(const ExploreResult& so_far) override;
  void on_group(const FailureGroup& group) override;
  void summary(const ExploreResult& result);
};

/// A single run as a line of JSON.
std::string json_line(const RunOutcome& outcome);
std::string json_line(const ReplayResult& result);
std::string json_line(const KeptRepro& kept);
/// Two runs of one seed as a line of JSON.
std::string json_line(const Divergence& found);

/// What the fresh process said of a group: why it is confirmed, or why it is not.
std::string confirmation_in_words(const FailureGroup& group);

}  // namespace twinwire::traces
