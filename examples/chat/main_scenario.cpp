// chat-explore: the scenario under simulation. `chat-explore --help` tells what it can do.
#include "scenario.hpp"

#include <twinwire/traces/scenario.hpp>

#include <map>
#include <string>

int main(int argc, char** argv) {
  static const std::map<std::string, chat::Sleeper> sleepers{
      {"none", chat::Sleeper::none}, {"wakes", chat::Sleeper::wakes}, {"late", chat::Sleeper::late}};
  twinwire::traces::Scenario scenario;
  scenario.name = "chat";
  scenario.description = "users talk in one room, over TLS and a Unix socket; one of them does not read";
  scenario.options = chat::scenario_world();
  scenario.arguments = {{"users", "how many talk", "4", {"2", "3", "4", "8", "16"}},
                        {"sleeper",
                         "who does not read: nobody, or one who wakes, or wakes too late",
                         "wakes",
                         {"none", "wakes", "late"}}};
  scenario.body = [](twinwire::sim::World& world, const twinwire::traces::Arguments& arguments) {
    chat::ScenarioOptions options;
    options.users = std::stoi(arguments.get("users"));
    options.sleeper = sleepers.at(arguments.get("sleeper"));
    chat::run_scenario(world, options);
  };
  return twinwire::traces::scenario_main(argc, argv, {scenario});
}
