#include <twinwire/net/error.hpp>
#include <twinwire/traces/run.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace twinwire::traces {
namespace {

/// The run that is going on, for interrupted_outcome. One at a time in a process.
struct ActiveRun {
  /// Null before it is made, and once it is taken down: its hosts are gone then.
  sim::World* world = nullptr;
  std::uint64_t seed = 0;
};
ActiveRun active;

/// What is kept of a message: a failure may tell everything that it has received.
constexpr std::size_t message_max = std::size_t{16} * 1024;

std::string shortened(std::string message) {
  if (message.size() <= message_max) return message;
  const std::size_t more = message.size() - message_max;
  message.resize(message_max);
  return message + "... (" + std::to_string(more) + " more bytes)";
}

Choices choices_for(const RunRequest& request) {
  Choices choices(request.seed, request.base);
  if (request.record) choices.record();
  for (const auto& [address, outcome] : request.overrides) choices.override_outcome(address, outcome);
  return choices;
}

void describe_world(sim::World& world, RunOutcome& outcome) {
  outcome.fingerprint = world.fingerprint();
  outcome.events = world.events();
  outcome.virtual_time = world.time().time_since_epoch();
  outcome.decisions = world.choices().decisions();
  outcome.unreached = world.choices().unreached_overrides();
}

void describe_failure(const std::exception_ptr& failure, const sim::World* world, RunOutcome& outcome) {
  outcome.failed = true;
  outcome.message = shortened(message_of(failure));
  try {
    std::rethrow_exception(failure);
  } catch (const sim::SimulationError& error) {
    // What is waited for depends on more than the cause: the first line tells.
    const std::string first_line = error.message().substr(0, error.message().find('\n'));
    outcome.signature = {std::string(to_string(error.kind())), error.host(), type_name(error.cause()),
                         normalised(first_line)};
  } catch (...) {
    outcome.signature = {"exception", world ? world->current_host() : std::string(), type_name(failure),
                         normalised(outcome.message)};
  }
}

}  // namespace

RunOutcome run_scenario(const Scenario& scenario, const Arguments& arguments, const RunRequest& request,
                        Observer* observer) {
  RunOutcome outcome;
  outcome.seed = request.seed;
  active = {nullptr, request.seed};
  std::optional<sim::World> world;
  try {
    world.emplace(choices_for(request), scenario.options);
    active.world = &*world;
    world->set_observer(observer);
    scenario.body(*world, arguments);
    if (const std::exception_ptr failure = world->unhandled_failure()) std::rethrow_exception(failure);
  } catch (...) {
    describe_failure(std::current_exception(), world ? &*world : nullptr, outcome);
  }
  try {
    if (world) describe_world(*world, outcome);
  } catch (...) {
    if (!outcome.failed) describe_failure(std::current_exception(), &*world, outcome);
  }
  active.world = nullptr;
  world.reset();
  active = {};
  return outcome;
}

RunOutcome interrupted_outcome(std::string kind, std::string type) {
  RunOutcome outcome;
  outcome.seed = active.seed;
  outcome.failed = true;
  std::string host;
  std::string where = "while there was no world";
  if (active.world) {
    host = active.world->current_host();
    where = "at event \"" + std::string(active.world->current_event()) + "\"";
    describe_world(*active.world, outcome);
  }
  outcome.signature = {std::move(kind), std::move(host), std::move(type), std::move(where)};
  outcome.message = outcome.signature.in_words();
  // The place is only told: it depends on when the clock on the wall said that it was enough.
  if (outcome.signature.kind == "hang") outcome.signature = hang_signature();
  return outcome;
}

}  // namespace twinwire::traces
