// The part of exploring that keeps the workers busy.
#pragma once

#include <twinwire/traces/child.hpp>
#include <twinwire/traces/explore.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace twinwire::traces {

/// Hands seeds to worker processes, watches that none hangs, and replaces those that die.
class Sweep {
 public:
  using OnOutcome = std::function<void(RunOutcome)>;

  Sweep(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
        ExploreListener* listener, OnOutcome on_outcome);

  /// Until all seeds are done, or interruption_requested(). False if it ended early, which it also does when
  /// the system has no process left for it; throws std::system_error if it never had one.
  bool run();
  /// Begins no further seeds; those that are running are waited for.
  void stop() noexcept { stopping_ = true; }

 private:
  using SeedRange = std::pair<std::uint64_t, std::uint64_t>;

  struct Worker {
    Worker(Child process, std::chrono::milliseconds timeout) : child(std::move(process)), patience(timeout) {}
    Child child;
    Patience patience;
    std::optional<SeedRange> left;  ///< what was assigned and is not done
    bool running = false;           ///< `left->first` has been started
    bool retiring = false;
  };

  void staff();
  std::unique_ptr<Worker> hire();
  bool give_work(Worker& worker);
  std::optional<SeedRange> next_range();
  void wait_for_news();
  void handle(Worker& worker, ChildMessage& message);
  static bool is_awaited(const Worker& worker, const RunOutcome& outcome);
  void finished(Worker& worker, RunOutcome outcome);
  void lost(Worker& worker);

  const ExploreOptions& options_;
  ExploreListener* listener_;
  OnOutcome on_outcome_;
  Child::RunSeed run_seed_;
  unsigned jobs_;
  std::uint64_t chunk_;
  std::uint64_t next_seed_;
  bool seeds_left_ = true;
  bool begun_ = false;
  bool stopping_ = false;
  std::deque<SeedRange> returned_;  ///< assigned to workers that died
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace twinwire::traces
