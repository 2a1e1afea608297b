// A program of scenarios, for the tests of the command line.
#include "shapes.hpp"

#include <twinwire/traces/scenario.hpp>

#include <cstdlib>
#include <stdexcept>

int main(int argc, char** argv) {
  using namespace twinwire;
  traces::Scenario passing =
      unit::scenario("passing", [](sim::World& world, const traces::Arguments& arguments) {
        world.add_host(arguments.get("host"));
        world.run();
      });
  passing.arguments = {{"host", "the name of the host", "red", {"red", "blue"}}};
  const traces::Scenario exiting =
      unit::scenario("exiting", [](sim::World&, const traces::Arguments&) { std::exit(0); });
  traces::Scenario odd = unit::scenario("odd", [](sim::World&, const traces::Arguments& arguments) {
    throw std::runtime_error("byte \xff and \"" + arguments.get("word") + "\"");
  });
  odd.arguments = {{"word", "a part of the message", "plain", {}}};
  return traces::scenario_main(argc, argv,
                               {passing, unit::unlucky_scenario(), unit::lossy_scenario(),
                                unit::crashing_scenario(), unit::hanging_scenario(), exiting, odd},
                               "There is more.\n");
}
