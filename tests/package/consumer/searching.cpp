#include "greeting.hpp"

#include <twinwire/traces/scenario.hpp>

#include <stdexcept>

namespace {

void greet(twinwire::sim::World& world, const twinwire::traces::Arguments&) {
  std::string greeting;
  exchange_greeting(world.add_host("host").loop(), [&](std::string text) { greeting = std::move(text); });
  world.run();
  if (greeting != "hello, twin") throw std::runtime_error("the greeting was " + greeting);
}

}  // namespace

int main(int argc, char** argv) {
  twinwire::traces::Scenario scenario;
  scenario.name = "greeting";
  scenario.options.loopback = twinwire::sim::LinkOptions::rough();
  scenario.body = greet;
  return twinwire::traces::scenario_main(argc, argv, {scenario});
}
