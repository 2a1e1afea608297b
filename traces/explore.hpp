// Exploring: one scenario over many seeds, on all cores, in processes of their own.
#pragma once

#include <twinwire/traces/divergence.hpp>
#include <twinwire/traces/seed_set.hpp>
#include <twinwire/traces/shrink.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::traces {

/// Which seeds are explored, and how.
struct ExploreOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1000;
  /// Worker processes; 0 is one for each core.
  unsigned jobs = 0;
  /// A process for each seed, so that nothing is left over from the one before.
  bool isolate = false;
  bool stop_at_first_failure = false;
  bool shrink = true;
  /// Wall-clock time for one seed: one that takes longer hangs.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
  /// Where repro files are written; nowhere if empty.
  std::filesystem::path repro_directory;
  /// How to run one seed in a fresh process ("{seed}" and "{fd}" are replaced); empty: in a fork of this one.
  /// It understands --log, too.
  std::vector<std::string> fresh_process;

  /// How many seeds these are: the largest number if there are more.
  std::uint64_t seeds() const noexcept {
    const std::uint64_t more = last_seed - first_seed;
    return more == UINT64_MAX ? more : more + 1;
  }
};

/// All failures of a sweep that look alike.
struct FailureGroup {
  /// The one with the smallest seed.
  RunOutcome first;
  std::uint64_t count = 0;
  /// The first ten seeds, in order.
  std::vector<std::uint64_t> seeds;
  /// What the first seed did in a fresh process. Anything but the same failure, with the same fingerprint if
  /// it ends at an event, means that state leaks from run to run, or that something is not deterministic.
  std::optional<RunOutcome> confirmation;
  /// If it was something else: how two more fresh processes compare. Where they agree it is the process that
  /// makes the difference, and else the run itself.
  std::optional<Divergence> divergence;
  std::optional<ShrinkResult> shrunk;
  /// Why it could not be run again, or not often enough to be shrunk: the system had no process to give, or
  /// could not execute the program.
  std::string rerun_error;
  std::filesystem::path repro;
  /// Why it could not be written.
  std::string repro_error;

  bool confirmed() const {
    return confirmation && confirmation->failed && confirmation->signature == first.signature &&
           (confirmation->fingerprint == first.fingerprint || !first.signature.ends_at_an_event());
  }
};

/// What came of a sweep.
struct ExploreResult {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  /// By their smallest seeds.
  std::vector<FailureGroup> groups;
  SeedSet done_seeds;
  /// Ended early by SIGINT or SIGTERM, in the sweep or afterwards; what was found until then is here.
  bool interrupted = false;
};

/// Is told how a sweep goes on. All from the exploring process, between events.
class ExploreListener {
 public:
  virtual ~ExploreListener() = default;
  /// The system has no more worker processes to give than this many of those that were wanted, and why.
  virtual void on_fewer_workers(unsigned there, unsigned wanted, const std::string& reason) = 0;
  /// Before these seeds run: what is said here is known even if everything is killed a moment later.
  virtual void on_assigned(std::uint64_t first, std::uint64_t last) = 0;
  virtual void on_outcome(const RunOutcome& outcome) = 0;
  /// After each outcome.
  virtual void on_progress(std::uint64_t done, std::uint64_t total, std::uint64_t failed) = 0;
  virtual void on_shrinking(const FailureGroup& group, std::uint64_t runs, std::size_t decisions) = 0;
  /// Before the groups that are not confirmed, or not shrunk, because of it. Not called if all was done.
  virtual void on_interrupted(const ExploreResult& so_far) = 0;
  virtual void on_group(const FailureGroup& group) = 0;
};

/// Runs all seeds and groups the failures. Of the first ten groups it confirms the first seed in a fresh
/// process, shrinks it and writes its repro. A crash or a hang is a result like any other. Throws
/// std::invalid_argument for an empty range, std::system_error when the system refuses processes.
ExploreResult explore(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
                      ExploreListener* listener = nullptr);

/// The outcome of running a request in a fork of this process. Throws Interrupted, see there.
RunOutcome run_forked(const Scenario& scenario, const Arguments& arguments, const RunRequest& request,
                      std::chrono::milliseconds timeout);

/// Where a single run takes place.
struct RunPlace {
  /// In this process, for debuggers and observers: a crash or a hang is one of this process then.
  bool in_process = true;
  /// Of a run in this process.
  Observer* observer = nullptr;
  /// Wall-clock time for a run in a process of its own.
  std::chrono::milliseconds timeout = std::chrono::seconds(30);
};

/// The outcome of a single run there.
RunOutcome run_at(const RunPlace& place, const Scenario& scenario, const Arguments& arguments,
                  const RunRequest& request);

}  // namespace twinwire::traces
