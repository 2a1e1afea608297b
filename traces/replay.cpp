#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <stdexcept>

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
  for (const auto& [key, value] : now) {
    if (!repro.options.contains(key)) {
      throw ReproError(
          fmt::format("stale: the repro does not tell the option {}, which is {} now", key, value));
    }
  }
}

Arguments arguments_of(const Repro& repro, const Scenario& scenario) {
  try {
    return scenario.arguments_with(repro.arguments);
  } catch (const std::invalid_argument& error) {
    throw ReproError(fmt::format("stale: {}", error.what()));
  }
}

}  // namespace

ReplayResult replay(const Repro& repro, const std::vector<Scenario>& scenarios, const RunPlace& place) {
  const auto scenario = std::ranges::find(scenarios, repro.scenario, &Scenario::name);
  if (scenario == scenarios.end()) {
    throw ReproError(fmt::format("the repro is of a scenario \"{}\", which is not here", repro.scenario));
  }
  check_options(repro, *scenario);
  RunRequest request = repro.request;
  request.record = true;
  ReplayResult result;
  result.outcome = run_at(place, *scenario, arguments_of(repro, *scenario), request);
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

std::string describe_replay(const Repro& repro, const ReplayResult& result) {
  std::string text = describe_outcome(result.outcome);
  if (result.same_failure && !repro.signature.ends_at_an_event()) {
    text +=
        "  the same failure as in the repro; where a hang is ended differs, so fingerprints are not "
        "compared\n";
  } else if (result.same_failure && result.same_fingerprint) {
    text += "  the same failure and the same fingerprint as in the repro\n";
  } else if (result.same_failure) {
    text += fmt::format("  the same failure as in the repro, but its fingerprint was {}\n",
                        to_hex(repro.fingerprint));
  } else if (result.outcome.failed) {
    text += fmt::format("  ANOTHER failure than in the repro, which was: {}\n", repro.signature.in_words());
  } else {
    text += fmt::format("  the failure of the repro is gone; it was: {}\n", repro.signature.in_words());
  }
  return text;
}

}  // namespace twinwire::traces
