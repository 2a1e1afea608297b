// Replaying: a repro file is run again, and what happens is compared with what it tells.
#pragma once

#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/repro.hpp>

#include <string>
#include <vector>

namespace twinwire::traces {

/// How a repro went, compared with what its file tells.
struct ReplayResult {
  RunOutcome outcome;
  bool same_failure = false;
  bool same_fingerprint = false;
};

/// Runs it. Throws ReproError if its scenario is unknown, or if it is stale: made with other options of the
/// world, or with decisions that are not met any more.
ReplayResult replay(const Repro& repro, const std::vector<Scenario>& scenarios, const RunPlace& place = {});

/// What came of it, for people, several lines.
std::string describe_replay(const Repro& repro, const ReplayResult& result);

/// An outcome for people, several lines.
std::string describe_outcome(const RunOutcome& outcome);

}  // namespace twinwire::traces
