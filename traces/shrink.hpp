// Shrinking: the least set of decisions that still fails in the same way.
#pragma once

#include <twinwire/traces/run.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace twinwire::traces {

/// Runs a request: in this process, or safely in another one.
using Runner = std::function<RunOutcome(const RunRequest&)>;

/// How long shrinking goes on, and who hears of it.
struct ShrinkOptions {
  /// Runs, of which the first one records the decisions of the seed.
  std::uint64_t runs_max = 3000;
  /// Called now and then with the runs done and the decisions left.
  std::function<void(std::uint64_t, std::size_t)> progress;
};

/// What is left of a failure.
struct ShrinkResult {
  /// Calm but for these decisions. Running it gives `outcome`.
  RunRequest request;
  RunOutcome outcome;
  std::uint64_t runs = 0;
  /// How many decisions of the original run were not calm.
  std::size_t decisions_before = 0;
  /// False if the failure could not be had from a calm base: then `request` is the seed itself.
  bool reduced = false;
  /// It ended early, because a run was: this is the least that had been found until then.
  bool interrupted = false;
};

/// `failing` is the outcome of the seed, recorded or not. Candidates are always run again, never assumed: an
/// override may change which decisions are met at all. `run` may throw Interrupted; only if it does so at the
/// first run, which records, that gets out.
ShrinkResult shrink(const RunOutcome& failing, const Runner& run, const ShrinkOptions& options = {});

}  // namespace twinwire::traces
