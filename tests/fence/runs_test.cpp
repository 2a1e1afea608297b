// How a refused call ends a run, and what is not meant by the fence.
#include "simulated.hpp"

#include <twinwire/sim/running_world.hpp>
#include <twinwire/traces/explore.hpp>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include <catch2/catch.hpp>

namespace twinwire::fence {

/// Has a name that a stack trace can show.
[[gnu::noinline]] void impatient_callback() {
  ::usleep(1);
  __asm__ volatile("");  // so that the call is not the last thing here, and this function is left for it
}

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

constexpr Purpose patience{"patience", "{entity}: slept {outcome} times"};

/// Sleeps for real, or for ever, if it is drawn so; what is drawn besides has no effect.
traces::Scenario sleepy_scenario(bool for_ever) {
  traces::Scenario scenario;
  scenario.name = "sleepy";
  scenario.body = [for_ever](sim::World& world, const traces::Arguments&) {
    sim::Host& host = world.add_host("sleeper");
    host.loop().call_later(1s, [&world, for_ever] {
      Choices& choices = world.choices();
      for (std::uint64_t i = 0; i < 5; ++i) choices.draw(choices.site("dreamer", patience), i, 4);
      if (choices.draw(choices.site("sleeper", patience), 0, 4) != 3) return;
      do {
        impatient_callback();
      } while (for_ever);
    });
    world.run();
  };
  return scenario;
}

traces::ExploreOptions some_seeds() {
  traces::ExploreOptions options;
  options.last_seed = 20;
  options.jobs = 2;
  return options;
}

TEST_CASE("the run ends behind the event that made the call, and tells who made it") {
  bool went_on = false;
  bool later = false;
  sim::World world(1);
  Loop& loop = world.add_host("probe").loop();
  loop.call_soon([&] {
    impatient_callback();
    went_on = true;
    loop.call_later(1s, [&] { later = true; });
  });
  std::string message;
  try {
    world.run();
  } catch (const sim::SimulationError& error) {
    message = error.message();
  }
  CHECK(went_on);
  CHECK_FALSE(later);
  CHECK_THAT(message, Contains("usleep was called under simulation: it would wait for real time"));
  CHECK_THAT(message, Contains("    usleep at fence_tests+0x"));
  CHECK_THAT(message, Contains("    twinwire::fence::impatient_callback() at fence_tests+0x"));
  CHECK_THAT(message, !Contains("run_turn"));
  CHECK_THAT(message, !Contains("sim::fence::refuse"));
}

TEST_CASE("the first refused call is the failure, whatever comes of it") {
  sim::World world(1);
  world.add_host("probe").loop().call_soon([] { std::thread([] {}).join(); });
  try {
    world.run();
    FAIL("nothing was reported");
  } catch (const sim::SimulationError& error) {
    CHECK(error.kind() == sim::FailureKind::fence);
    CHECK_THAT(error.message(), Catch::StartsWith("pthread_create was called under simulation"));
  }
}

TEST_CASE("what the condition of run_until calls fails the run, too") {
  for (const bool holds : {false, true}) {
    sim::World world(1);
    world.add_host("probe").loop().call_later(1s, [] {});
    bool asked = false;
    try {
      world.run_until([&] {
        if (!std::exchange(asked, true)) return false;  // before anything runs
        impatient_callback();
        return holds;
      });
      FAIL("it was not refused");
    } catch (const sim::SimulationError& error) {
      CHECK(error.kind() == sim::FailureKind::fence);
    }
  }
}

TEST_CASE("a sweep finds, confirms and shrinks what reaches for the real system, and keeps a repro") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("twinwire-fence-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  traces::ExploreOptions options = some_seeds();
  options.repro_directory = folder;
  const traces::Scenario scenario = sleepy_scenario(false);
  const traces::ExploreResult result = explore(options, scenario, {});
  REQUIRE(result.groups.size() == 1);
  const traces::FailureGroup& group = result.groups[0];
  CHECK(group.count > 1);
  CHECK(group.first.signature.kind == "fence");
  CHECK(group.first.signature.host == "sleeper");
  CHECK_THAT(group.first.signature.message, Catch::StartsWith("usleep was called under simulation"));
  CHECK(group.confirmed());
  REQUIRE(group.shrunk);
  REQUIRE(group.shrunk->request.overrides.size() == 1);
  CHECK(group.shrunk->request.overrides[0].first.entity == "sleeper");
  CHECK(std::filesystem::exists(group.repro));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a program that sleeps in a loop is aborted, and that is a failure of the run") {
  traces::ExploreOptions options = some_seeds();
  options.shrink = false;
  const traces::ExploreResult result = explore(options, sleepy_scenario(true), {});
  REQUIRE(result.groups.size() == 1);
  // Not where: the thread sanitizer ends a process that tells it from its signal handler.
  CHECK(result.groups[0].first.signature.kind == "crash");
}

TEST_CASE("Unfenced lets through, and a world inside a world is fenced as the outer one") {
  Duration real{};
  Duration inner{};
  Duration outer{};
  const auto now = [] { return std::chrono::steady_clock::now().time_since_epoch(); };
  const auto report = simulate([&] {
    {
      const sim::Unfenced unfenced;
      real = now();
      ::usleep(1);
    }
    CHECK_FALSE(simulate([&] { inner = now() - 1s; }));
    outer = now();
  });
  CHECK_FALSE(report);
  CHECK(inner == 9s);
  CHECK(outer == 10s);
  CHECK(real != outer);
  CHECK(sim::RunningWorld::get() == nullptr);
}

TEST_CASE("before and after a run, and on other threads during it, the fence lets through") {
  sim::World world(1);
  Loop& loop = world.add_host("probe").loop();
  loop.call_later(1s, [] {});
  ::usleep(1);
  std::thread other([] {
    for (int i = 0; i < 100; ++i) ::usleep(1);
  });
  world.run();
  other.join();
  ::usleep(1);
  CHECK_FALSE(world.unhandled_failure());
  CHECK(std::chrono::system_clock::now() > std::chrono::system_clock::time_point(std::chrono::years(50)));
}

}  // namespace
}  // namespace twinwire::fence
