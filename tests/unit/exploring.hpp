// What tests of exploring share.
#pragma once

#include <twinwire/traces/explore.hpp>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>

namespace twinwire::unit {

inline traces::ExploreOptions seeds(std::uint64_t first, std::uint64_t last) {
  traces::ExploreOptions options;
  options.first_seed = first;
  options.last_seed = last;
  options.jobs = 2;
  return options;
}

/// For tests that listen to one thing.
class SilentListener : public traces::ExploreListener {
 public:
  void on_fewer_workers(unsigned, unsigned, const std::string&) override {}
  void on_assigned(std::uint64_t, std::uint64_t) override {}
  void on_outcome(const traces::RunOutcome&) override {}
  void on_progress(std::uint64_t, std::uint64_t, std::uint64_t) override {}
  void on_shrinking(const traces::FailureGroup&, std::uint64_t, std::size_t) override {}
  void on_interrupted(const traces::ExploreResult&) override {}
  void on_group(const traces::FailureGroup&) override {}
};

/// Counts what it hears, and interrupts the sweep, as Ctrl-C does.
class Interrupting final : public SilentListener {
 public:
  /// Once it has heard of so many outcomes, or of so many steps of shrinking.
  explicit Interrupting(std::uint64_t after_outcomes, std::uint64_t after_shrinking = 0)
      : after_outcomes_(after_outcomes), after_shrinking_(after_shrinking) {}
  void on_assigned(std::uint64_t first, std::uint64_t last) override { assigned += last - first + 1; }
  void on_outcome(const traces::RunOutcome&) override {
    if (++outcomes == after_outcomes_) ::raise(SIGINT);
  }
  void on_progress(std::uint64_t done, std::uint64_t, std::uint64_t) override { progress = done; }
  void on_shrinking(const traces::FailureGroup&, std::uint64_t, std::size_t) override {
    if (++shrinking == after_shrinking_) ::raise(SIGINT);
  }
  void on_interrupted(const traces::ExploreResult&) override { groups_before_interruption = groups; }
  void on_group(const traces::FailureGroup&) override { ++groups; }

  std::uint64_t assigned = 0;
  std::uint64_t outcomes = 0;
  std::uint64_t progress = 0;
  std::uint64_t groups = 0;
  std::uint64_t shrinking = 0;
  std::optional<std::uint64_t> groups_before_interruption;

 private:
  std::uint64_t after_outcomes_;
  std::uint64_t after_shrinking_;
};

}  // namespace twinwire::unit
