// Exploring: one scenario over many seeds, on all cores, in processes of their own.
#pragma once

#include <twinwire/traces/shrink.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::traces {

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
  std::vector<std::string> fresh_process;
};

/// All failures of a sweep that look alike.
struct FailureGroup {
  /// The one with the smallest seed.
  RunOutcome first;
  std::uint64_t count = 0;
  /// The first ten seeds, in order.
  std::vector<std::uint64_t> seeds;
  /// What the first seed did in a fresh process. Anything but the same failure and fingerprint means that
  /// state leaks from run to run, or that something in the run is not deterministic.
  std::optional<RunOutcome> confirmation;
  std::optional<ShrinkResult> shrunk;
  std::filesystem::path repro;

  bool confirmed() const {
    return confirmation && confirmation->failed && confirmation->signature == first.signature &&
           confirmation->fingerprint == first.fingerprint;
  }
};

struct ExploreResult {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  std::vector<FailureGroup> groups;
  /// Ended early by SIGINT or SIGTERM; what was done until then is here.
  bool interrupted = false;
};

/// Is told how a sweep goes on. All from the exploring process, between events.
class ExploreListener {
 public:
  virtual ~ExploreListener() = default;
  /// Before these seeds run: what is said here is known even if everything is killed a moment later.
  virtual void on_assigned(std::uint64_t first, std::uint64_t last) = 0;
  virtual void on_outcome(const RunOutcome& outcome) = 0;
  /// About ten times a second.
  virtual void on_progress(std::uint64_t done, std::uint64_t total, std::uint64_t failed) = 0;
  virtual void on_shrinking(const FailureGroup& group, std::uint64_t runs, std::size_t decisions) = 0;
  virtual void on_group(const FailureGroup& group) = 0;
};

/// Runs all seeds, groups the failures, confirms each group's first seed in a fresh process, shrinks it and
/// writes its repro. A crash or a hang is a result like any other. Throws std::invalid_argument for an empty
/// range, std::system_error when the system refuses processes.
ExploreResult explore(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
                      ExploreListener* listener = nullptr);

/// The outcome of running a request in a fork of this process.
RunOutcome run_forked(const Scenario& scenario, const Arguments& arguments, const RunRequest& request,
                      std::chrono::milliseconds timeout);

}  // namespace twinwire::traces
