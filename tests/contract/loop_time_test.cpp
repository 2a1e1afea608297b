// The clock, and timers that are far away.
#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <chrono>
#include <cstddef>
#include <malloc.h>
#include <memory>
#include <string>
#include <vector>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

constexpr Duration year = 24h * 365;

/// Bytes that the program has taken from the heap. A build that replaces the heap may not tell: then it is 0.
std::size_t heap_bytes() {
  return ::mallinfo2().uordblks;
}

CONTRACT_TEST("LOOP-07", "time never goes back, and is the clock of call_at") {
  Loop& loop = stage.server();
  std::vector<TimePoint> seen = {loop.time()};
  const TimePoint deadline = loop.time() + 5ms;
  std::optional<TimePoint> fired;
  loop.call_at(deadline, [&] { fired = loop.time(); });
  while (!fired) {
    stage.run_for(1ms);
    seen.push_back(loop.time());
  }
  CHECK(std::ranges::is_sorted(seen));
  CHECK(*fired >= deadline);
  CHECK(*fired <= loop.time());
}

CONTRACT_TEST("LOOP-07",
              "virtual time moves straight to the next deadline, whatever a clock on the wall says") {
  Loop& loop = stage.server();
  const Duration step = stage.simulated() ? year : Duration(2ms);
  const auto real_begin = std::chrono::steady_clock::now();
  const TimePoint begin = loop.time();
  int fired = 0;
  std::function<void()> next = [&] {
    if (stage.simulated()) CHECK(loop.time() == begin + fired * step);
    CHECK(loop.time() >= begin + fired * step);
    if (++fired <= 5) loop.call_at(begin + fired * step, [&] { next(); });
  };
  next();
  stage.run_for(6 * step);
  // Real time does not stand still for a machine that is busy.
  if (!stage.simulated()) stage.run_until([&] { return fired == 6; }, "the last of them");
  CHECK(fired == 6);
  const auto real_time = std::chrono::steady_clock::now() - real_begin;
  if (stage.simulated()) {
    CHECK(real_time < 10s);
  } else {
    CHECK(real_time >= 6 * step);
  }
}

CONTRACT_TEST("LOOP-07", "virtual time stands still while anything is ready") {
  Loop& loop = stage.server();
  const TimePoint begin = loop.time();
  TimePoint end = begin;
  bool timer_first = false;
  int turns = 0;
  loop.call_later(1ns, [&] { timer_first = turns < 1'000; });
  std::function<void()> again = [&] {
    end = loop.time();
    if (++turns < 1'000) loop.call_soon([&] { again(); });
  };
  loop.call_soon([&] { again(); });
  stage.run_until([&] { return turns == 1'000; }, "a thousand turns");
  if (stage.simulated()) {
    CHECK(end == begin);
    CHECK_FALSE(timer_first);
  } else {
    CHECK(end > begin);
    CHECK(timer_first);
  }
  stage.settle();
}

CONTRACT_TEST("LOOP-04", "a clock that runs slow or fast keeps its timers, by its own time") {
  // Real clocks drift as they like; a simulated one is told to.
  std::vector<Loop*> loops = {&stage.server()};
  if (sim::World* world = stage.world()) {
    for (const std::int32_t drift_ppm : {-100'000, -7, 7, 100'000}) {
      sim::HostOptions options;
      options.drift_ppm = drift_ppm;
      loops.push_back(&world->add_host("drift " + std::to_string(drift_ppm), options).loop());
    }
  }
  for (Loop* loop : loops) {
    for (const Duration delay : {Duration(1), Duration(1'000'003), Duration(10ms)}) {
      const TimePoint begin = loop->time();
      std::optional<Duration> took;
      loop->call_later(delay, [&] { took = loop->time() - begin; });
      stage.run_until([&] { return took.has_value(); }, "a timer");
      CHECK(*took >= delay);
      if (stage.simulated()) CHECK(*took <= delay + 2ns);
    }
    for (const TimePoint when : {TimePoint::min(), TimePoint(), loop->time()}) {
      const TimePoint begin = loop->time();
      bool ran = false;
      loop->call_at(when, [&] { ran = true; });
      stage.run_until([&] { return ran; }, "a timer whose time has passed");
      if (stage.simulated()) CHECK(loop->time() <= begin + 2ns);
    }
  }
}

CONTRACT_TEST("LOOP-13", "timers that are days or years away neither fire early nor overflow") {
  Loop& loop = stage.server();
  stage.settle();  // no clock is at its beginning
  int fired = 0;
  std::vector<Handle> handles;
  for (const Duration delay : {Duration(24h), Duration(50 * 24h), year, 100 * year, 292 * year,
                               Duration::max() - 1s, Duration::max()}) {
    handles.push_back(loop.call_later(delay, [&] { ++fired; }));
    CHECK(handles.back().when() > loop.time());
  }
  for (const TimePoint when : {loop.time() + year, TimePoint::max() - 1ns, TimePoint::max()}) {
    handles.push_back(loop.call_at(when, [&] { ++fired; }));
    CHECK(handles.back().when() == when);
  }
  bool near = false;
  loop.call_later(1ms, [&] { near = true; });
  stage.run_until([&] { return near; }, "a timer that is near");
  stage.settle();
  CHECK(fired == 0);
  for (const Handle& handle : handles) handle.cancel();
}

CONTRACT_TEST("LOOP-13", "cancelled timers do not stay in memory until their deadline") {
  Loop& loop = stage.server();
  const auto held = std::make_shared<std::string>("a payload");
  constexpr int count = 100'000;
  const auto schedule_and_cancel = [&](int timers) {
    for (int i = 0; i < timers; ++i) loop.call_later(1h + Duration(i), [held] {}).cancel();
  };
  schedule_and_cancel(100);
  stage.settle();
  const std::size_t before = heap_bytes();
  schedule_and_cancel(count);
  CHECK(held.use_count() == 1);
  stage.settle();
  const std::size_t after = heap_bytes();
  CHECK(after < before + count);  // less than a byte for each
}

}  // namespace
}  // namespace twinwire::contract
