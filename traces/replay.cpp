#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

void check_options(const Repro& repro, const Scenario& scenario) {
  const auto now = options_as_text(scenario.options);
  for (const auto& [key, value] : repro.options) {
    const auto found = now.find(key);
    if (found == now.end() || found->second != value) {
      throw ReproError(fmt::format("stale: the repro was made with {} = {}, the scenario \"{}\" has {}", key,
                                   value, scenario.name,
                                   found == now.end() ? "no such option" : found->second));
    }
  }
}

Arguments arguments_of(const Repro& repro, const Scenario& scenario) {
  Arguments arguments = scenario.defaults();
  for (const auto& [name, value] : repro.arguments) {
    const auto spec = std::ranges::find(scenario.arguments, name, &ArgumentSpec::name);
    if (spec == scenario.arguments.end()) {
      throw ReproError(
          fmt::format("stale: the scenario \"{}\" takes no argument \"{}\" any more", scenario.name, name));
    }
    if (!spec->choices.empty() && std::ranges::find(spec->choices, value) == spec->choices.end()) {
      throw ReproError(fmt::format("stale: the scenario \"{}\" does not take \"{}\" for \"{}\" any more",
                                   scenario.name, value, name));
    }
    arguments.set(name, value);
  }
  return arguments;
}

}  // namespace

ReplayResult replay_quietly(const Repro& repro, const std::vector<Scenario>& scenarios, Observer* observer) {
  const auto scenario = std::ranges::find(scenarios, repro.scenario, &Scenario::name);
  if (scenario == scenarios.end()) {
    throw ReproError(fmt::format("the repro is of a scenario \"{}\", which is not here", repro.scenario));
  }
  check_options(repro, *scenario);
  RunRequest request = repro.request;
  request.record = true;
  ReplayResult result;
  result.outcome = run_scenario(*scenario, arguments_of(repro, *scenario), request, observer);
  result.same_failure = result.outcome.failed && result.outcome.signature == repro.signature;
  result.same_fingerprint = result.outcome.fingerprint == repro.fingerprint;
  if (!result.outcome.unreached.empty() && !result.same_failure) {
    const DecisionAddress& first = result.outcome.unreached.front();
    throw ReproError(fmt::format("stale: {} of {} decisions are not met any more, first {} of \"{}\" at {}",
                                 result.outcome.unreached.size(), repro.request.overrides.size(),
                                 first.purpose, first.entity, first.ordinal));
  }
  return result;
}

std::string describe_outcome(const RunOutcome& outcome) {
  std::string text;
  if (outcome.failed) {
    text += fmt::format("FAILED: {}\n  {}\n", outcome.signature.in_words(), outcome.message);
  } else {
    text += "passed\n";
  }
  for (const Decision& decision : outcome.decisions) text += fmt::format("  {}\n", decision.sentence);
  text += fmt::format("  {} events in {} ns of virtual time, fingerprint {}\n", outcome.events,
                      outcome.virtual_time.count(), to_hex(outcome.fingerprint));
  return text;
}

bool replay(const Repro& repro, const std::vector<Scenario>& scenarios, Observer* observer) {
  const ReplayResult result = replay_quietly(repro, scenarios, observer);
  std::string text = describe_outcome(result.outcome);
  if (result.same_failure && result.same_fingerprint) {
    text += "  the same failure and the same fingerprint as in the repro\n";
  } else if (result.same_failure) {
    text += fmt::format("  the same failure as in the repro, but its fingerprint was {}\n",
                        to_hex(repro.fingerprint));
  } else if (result.outcome.failed) {
    text += fmt::format("  ANOTHER failure than in the repro, which was: {}\n", repro.signature.in_words());
  } else {
    text += fmt::format("  the failure of the repro is gone; it was: {}\n", repro.signature.in_words());
  }
  std::fputs(text.c_str(), stdout);
  return result.outcome.failed;
}

}  // namespace twinwire::traces
