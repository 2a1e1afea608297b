// A program of scenarios, for the tests of the command line.
#include "shapes.hpp"

#include <twinwire/traces/scenario.hpp>

int main(int argc, char** argv) {
  using namespace twinwire;
  traces::Scenario passing =
      unit::scenario("passing", [](sim::World& world, const traces::Arguments& arguments) {
        world.add_host(arguments.get("host"));
        world.run();
      });
  passing.arguments = {{"host", "the name of the host", "red", {"red", "blue"}}};
  return traces::scenario_main(argc, argv,
                               {passing, unit::unlucky_scenario(), unit::lossy_scenario(),
                                unit::crashing_scenario(), unit::hanging_scenario()});
}
