// Being stopped twice.
#include "scenario.hpp"
#include "settings.hpp"
#include "supervisor.hpp"

#include <twinwire/sim/process.hpp>
#include <twinwire/sim/programs.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace supervisor {
namespace {

using namespace std::chrono_literals;
using twinwire::awaitable;
using twinwire::sim::Process;

/// How two children end that do not mind SIGTERM, and are stopped twice, this long after their start.
std::vector<std::string> ends_when_killed(twinwire::Duration later) {
  twinwire::sim::World world(1, scenario_world());
  world.programs().add("deaf", [](Process& process) -> awaitable<int> {
    process.loop().add_signal_handler(SIGTERM, [] {});
    co_await twinwire::sleep_for(process.loop(), 24h);
    co_return 0;
  });
  twinwire::sim::Host& host = world.add_host("machine");
  std::vector<std::string> ends;
  const auto see = [&](const std::string& line) {
    if (line.find("ended") != line.npos) ends.push_back(line);
  };
  bool finished = false;
  const std::string configuration = "stop_timeout = 600s\n[a]\ncommand = deaf\n[b]\ncommand = deaf\n";
  Supervisor all(host.loop(), parse_settings(configuration), see, [&] { finished = true; });
  host.loop().call_soon([&] { all.start(); });
  host.loop().call_later(later, [&] { all.stop(); });
  host.loop().call_later(later, [&] { all.stop(); });
  world.run_for(1min);
  CHECK(finished);
  CHECK(host.processes().size() == 0);
  return ends;
}

TEST_CASE("who is told twice to stop kills all children, also those that are only being started") {
  const std::vector<std::string> killed{"a: was ended by signal 9", "b: was ended by signal 9"};
  for (const twinwire::Duration later : {twinwire::Duration(0s), twinwire::Duration(10s)}) {
    CHECK_THAT(ends_when_killed(later), Catch::UnorderedEquals(killed));
  }
}

}  // namespace
}  // namespace supervisor
