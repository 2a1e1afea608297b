// dns-explore: the scenario under simulation. `dns-explore --help` tells what it can do.
#include "scenario.hpp"

#include <twinwire/traces/scenario.hpp>

#include <string>

namespace {

namespace traces = twinwire::traces;

dns::Mistakes mistakes_from(const std::string& name) {
  dns::Mistakes mistakes;
  mistakes.any_source = name == "any-source";
  mistakes.any_id = name == "any-id";
  mistakes.any_question = name == "any-question";
  return mistakes;
}

}  // namespace

int main(int argc, char** argv) {
  traces::Scenario scenario;
  scenario.name = "dns";
  scenario.description = "a stub and a server on a network that loses datagrams, and a third host that lies";
  scenario.options = dns::scenario_world();
  scenario.arguments = {{"mistake",
                         "a check of answers that is left out",
                         "none",
                         {"none", "any-source", "any-id", "any-question"}},
                        {"questions", "how many are asked at once", "6", {"1", "2", "4", "6", "16"}}};
  scenario.body = [](twinwire::sim::World& world, const traces::Arguments& arguments) {
    dns::ScenarioOptions options;
    options.questions = std::stoi(arguments.get("questions"));
    options.mistakes = mistakes_from(arguments.get("mistake"));
    dns::run_scenario(world, options);
  };
  return traces::scenario_main(argc, argv, {scenario});
}
