// https-explore: the scenario under simulation. `https-explore --help` tells what it can do.
#include "scenario.hpp"

#include <twinwire/traces/scenario.hpp>

#include <string>

int main(int argc, char** argv) {
  twinwire::traces::Scenario scenario;
  scenario.name = "https";
  scenario.description = "visitors ask an HTTPS server over rough links, for pages and for trouble";
  scenario.options = https::scenario_world();
  scenario.arguments = {{"visitors", "how many ask", "3", {"1", "2", "3", "4", "8", "16"}}};
  scenario.body = [](twinwire::sim::World& world, const twinwire::traces::Arguments& arguments) {
    https::run_scenario(world, std::stoi(arguments.get("visitors")));
  };
  return twinwire::traces::scenario_main(argc, argv, {scenario});
}
