// The clocks of simulated hosts: drift, skew, steps, and years that pass at once.
#include "endpoints.hpp"

#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>

#include <chrono>
#include <csignal>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;

/// A host whose monotonic clock runs fast by so many parts per million.
sim::Host& drifting(sim::World& world, const std::string& name, std::int32_t ppm) {
  sim::HostOptions options;
  options.drift_ppm = ppm;
  return world.add_host(name, options);
}

TEST_CASE("a fast clock reaches its deadline sooner, a slow one later, and neither too soon by itself") {
  sim::World world(1);
  for (const std::int32_t ppm : {0, 100, -100, 500'000, -500'000}) {
    sim::Host& host = drifting(world, "host " + std::to_string(ppm), ppm);
    const TimePoint world_begin = world.time();
    const TimePoint begin = host.loop().time();
    TimePoint fired{};
    host.loop().call_later(1h, [&] { fired = host.loop().time(); });
    world.run();
    CHECK(fired >= begin + 1h);
    CHECK(fired < begin + 1h + 2ns);
    const double passed = static_cast<double>((world.time() - world_begin).count());
    const double expected = 3600e9 / (1.0 + ppm / 1e6);
    CHECK(passed == Approx(expected).epsilon(1e-9));
  }
}

TEST_CASE("skew and steps move the calendar of their host alone, and no deadline") {
  sim::World world(1);
  sim::HostOptions ahead;
  ahead.skew = 30s;
  sim::Host& skewed = world.add_host("skewed", ahead);
  sim::Host& right = world.add_host("right");
  CHECK(skewed.loop().wall_time() - right.loop().wall_time() == 30s);
  CHECK(right.loop().wall_time() == world.options().start);
  CHECK(skewed.loop().time() == right.loop().time());
  Duration fired{};
  skewed.loop().call_later(10s, [&] { fired = world.time().time_since_epoch(); });
  skewed.step_wall_clock(-1h);
  world.run();
  CHECK(fired == 10s);
  CHECK(right.loop().wall_time() - skewed.loop().wall_time() == 1h - 30s);
}

TEST_CASE("drift changes the monotonic clock and not the calendar") {
  sim::World world(1);
  sim::Host& fast = drifting(world, "fast", 1000);
  world.run_for(1000s);
  CHECK(fast.loop().time().time_since_epoch() == 1001s);
  CHECK(fast.loop().wall_time() - world.options().start == 1000s);
}

TEST_CASE("a year of virtual time is one event away") {
  sim::World world(1);
  Loop& loop = world.add_host("sleeper").loop();
  const auto sleep = [](Loop& on) -> awaitable<void> { co_await sleep_for(on, 24h * 365); };
  run_until_complete(loop, sleep(loop));
  CHECK(world.time().time_since_epoch() == 24h * 365);
  CHECK(world.events() < 10);
}

TEST_CASE("a deadline at the end of time is never reached, and does no harm") {
  sim::World world(1);
  sim::Host& host = drifting(world, "patient", -1000);
  bool fired = false;
  const Handle handle = host.loop().call_at(TimePoint::max(), [&] { fired = true; });
  world.run_for(1h);
  CHECK_FALSE(fired);
  handle.cancel();
  world.run();
  CHECK(world.time().time_since_epoch() == 1h);
}

TEST_CASE("running for a time ends exactly then, also if nothing happens") {
  sim::World world(1);
  sim::Host& host = world.add_host("host");
  int fired = 0;
  host.loop().call_later(1s, [&] { ++fired; });
  host.loop().call_later(2s, [&] { ++fired; });
  world.run_for(1s);
  CHECK(fired == 1);
  CHECK(world.time().time_since_epoch() == 1s);
  world.run_for(500ms);
  CHECK(world.time().time_since_epoch() == 1500ms);
  CHECK(host.loop().time().time_since_epoch() == 1500ms);
}

TEST_CASE("work for an executor runs at a chosen time within its bound, and completes on the loop") {
  sim::WorldOptions options;
  options.executor_time_max = 8ms;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    sim::World world(seed, options);
    Loop& loop = world.add_host("host").loop();
    int result = 0;
    loop.run_in_executor([] { return 42; }, [&](std::exception_ptr, int value) { result = value; });
    CHECK(result == 0);
    world.run();
    CHECK(result == 42);
    CHECK(world.time().time_since_epoch() <= 8ms);
  }
}

TEST_CASE("a signal that is delivered to a host reaches its handler, and no other host") {
  sim::World world(1);
  sim::Host& one = world.add_host("one");
  sim::Host& two = world.add_host("two");
  int arrived = 0;
  one.loop().add_signal_handler(SIGTERM, [&] { ++arrived; });
  two.loop().add_signal_handler(SIGTERM, [&] { arrived += 100; });
  one.deliver_signal(SIGTERM);
  one.deliver_signal(SIGHUP);
  world.run();
  CHECK(arrived == 1);
  CHECK(one.loop().remove_signal_handler(SIGTERM));
  one.deliver_signal(SIGTERM);
  world.run();
  CHECK(arrived == 1);
}

TEST_CASE("random numbers are those of the seed and the host") {
  const auto numbers = [](std::uint64_t seed, const std::string& name) {
    sim::World world(seed);
    Loop& loop = world.add_host(name).loop();
    return std::vector{loop.random(), loop.random(), loop.random()};
  };
  CHECK(numbers(1, "a") == numbers(1, "a"));
  CHECK(numbers(1, "a") != numbers(2, "a"));
  CHECK(numbers(1, "a") != numbers(1, "b"));
}

}  // namespace
}  // namespace twinwire::unit
