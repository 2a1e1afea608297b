// One run of a scenario.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/net/observer.hpp>
#include <twinwire/traces/scenario.hpp>
#include <twinwire/traces/signature.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace twinwire::traces {

/// Where the decisions of a run come from.
struct RunRequest {
  std::uint64_t seed = 0;
  Base base = Base::seed;
  std::vector<std::pair<DecisionAddress, std::uint64_t>> overrides;
  /// Keep the decisions that were not calm.
  bool record = false;
};

/// What came of it.
struct RunOutcome {
  std::uint64_t seed = 0;
  bool failed = false;
  FailureSignature signature;
  /// The failure as it was said, for people.
  std::string message;
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  Duration virtual_time{};
  std::vector<Decision> decisions;
  std::vector<DecisionAddress> unreached;
};

/// Runs in this process and never throws: whatever the scenario throws is its outcome. `observer` may be
/// null.
RunOutcome run_scenario(const Scenario& scenario, const Arguments& arguments, const RunRequest& request,
                        Observer* observer = nullptr);

/// What can be told of the run that is going on in this process right now, from a signal handler that is
/// about to end it: "crash" or "hang", with host, event and decisions so far.
RunOutcome interrupted_outcome(std::string kind, std::string type);

}  // namespace twinwire::traces
