// A program of scenarios, for the tests of the command line.
#include "shapes.hpp"

#include <twinwire/traces/scenario.hpp>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <unistd.h>

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
  const traces::Scenario leaking = unit::scenario("leaking", [](sim::World&, const traces::Arguments&) {
    static int runs = 0;
    if (++runs > 3) throw std::runtime_error("too many runs");
  });
  traces::Scenario inexact =
      unit::scenario("inexact", [](sim::World& world, const traces::Arguments& arguments) {
        unit::send_once(world, arguments.get("before") + std::to_string(::getpid()));
        throw std::runtime_error("on purpose");
      });
  inexact.arguments = {{"before", "what is sent before the number of the process", "process ", {}}};
  traces::Scenario restless = unit::scenario("restless", [](sim::World& world, const traces::Arguments&) {
    world.add_host("host").loop().call_later(std::chrono::microseconds(::getpid()), [] {});
    world.run();
    throw std::runtime_error("on purpose");
  });
  const traces::Scenario babbling =
      unit::scenario("babbling", [](sim::World& world, const traces::Arguments&) {
        while (true) unit::send_once(world, "without an end");
      });
  return traces::scenario_main(
      argc, argv,
      {passing, unit::unlucky_scenario(), unit::lossy_scenario(), unit::crashing_scenario(),
       unit::hanging_scenario(), exiting, odd, leaking, inexact, restless, babbling},
      "There is more.\n");
}
