// The part of exploring that keeps the workers busy.
#pragma once

#include <twinwire/traces/child.hpp>
#include <twinwire/traces/explore.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace twinwire::traces {

/// Hands seeds to worker processes, watches that none hangs, and replaces those that die.
class Sweep {
 public:
  using OnOutcome = std::function<void(RunOutcome)>;

  Sweep(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
        ExploreListener* listener, OnOutcome on_outcome);

  /// True if it was not interrupted.
  bool run();
  /// Assigns no further seeds.
  void stop() noexcept { stopping_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  using SeedRange = std::pair<std::uint64_t, std::uint64_t>;

  struct Worker {
    explicit Worker(Child process) : child(std::move(process)) {}
    Child child;
    std::optional<SeedRange> left;  ///< what was assigned and is not done
    bool running = false;           ///< `left->first` has been started
    bool interrupted = false;
    bool retiring = false;
    Clock::time_point deadline;
  };

  void staff();
  bool give_work(Worker& worker);
  std::optional<SeedRange> next_range();
  void wait_for_news();
  void handle(Worker& worker, ChildMessage& message);
  void finished(Worker& worker, RunOutcome outcome);
  void lost(Worker& worker);
  void check_deadlines();

  const ExploreOptions& options_;
  ExploreListener* listener_;
  OnOutcome on_outcome_;
  Child::RunSeed run_seed_;
  unsigned jobs_;
  std::uint64_t chunk_;
  std::uint64_t next_seed_;
  bool seeds_left_ = true;
  bool stopping_ = false;
  std::deque<SeedRange> returned_;  ///< assigned to workers that died
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace twinwire::traces
