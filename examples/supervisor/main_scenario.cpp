// supervisor-explore: the scenario under simulation. `supervisor-explore --help` tells what it can do.
#include "scenario.hpp"

#include <twinwire/traces/scenario.hpp>

#include <string>

int main(int argc, char** argv) {
  namespace traces = twinwire::traces;
  traces::Scenario scenario;
  scenario.name = "supervisor";
  scenario.description = "a supervisor whose children end when they like, until somebody stops it all";
  scenario.options = supervisor::scenario_world();
  scenario.arguments = {
      {"mistake", "a mistake to put in", "none", {"none", "restarts-while-stopping", "drops-last-words"}}};
  scenario.body = [](twinwire::sim::World& world, const traces::Arguments& arguments) {
    supervisor::Mistakes mistakes;
    mistakes.restarts_while_stopping = arguments.get("mistake") == "restarts-while-stopping";
    mistakes.drops_last_words = arguments.get("mistake") == "drops-last-words";
    supervisor::run_scenario(world, mistakes);
  };
  return traces::scenario_main(argc, argv, {scenario});
}
