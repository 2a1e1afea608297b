// Callbacks and timers.
#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// Callbacks that write a letter each.
class Log {
 public:
  Callback letter(char which) {
    return [this, which] { text += which; };
  }
  std::string text;
};

CONTRACT_TEST("LOOP-01", "call_soon callbacks run exactly once each, in the order registered") {
  Loop& loop = stage.server();
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) loop.call_soon([&, i] { ran.push_back(i); });
  CHECK(ran.empty());
  stage.run_until([&] { return ran.size() >= 100; }, "a hundred callbacks");
  stage.settle();
  REQUIRE(ran.size() == 100);
  CHECK(std::ranges::is_sorted(ran));
}

CONTRACT_TEST("LOOP-02", "what a callback registers runs in the next turn, behind the rest of this one") {
  Loop& loop = stage.server();
  Log log;
  loop.call_soon([&] {
    log.text += 'a';
    loop.call_soon([&] {
      log.text += 'd';
      loop.call_soon(log.letter('f'));
    });
    loop.call_soon(log.letter('e'));
  });
  loop.call_soon(log.letter('b'));
  loop.call_soon(log.letter('c'));
  stage.run_until([&] { return log.text.size() == 6; }, "six callbacks");
  CHECK(log.text == "abcdef");
}

CONTRACT_TEST("LOOP-02", "a callback that reschedules itself for ever does not starve timers") {
  Loop& loop = stage.server();
  int turns = 0;
  bool fired = false;
  std::function<void()> again = [&] {
    if (fired || turns == 1'000) return;
    if (++turns == 3) loop.call_later(0s, [&] { fired = true; });
    loop.call_soon([&] { again(); });
  };
  loop.call_soon([&] { again(); });
  stage.run_until([&] { return fired; }, "a timer that was due");
  CHECK(turns <= 5);
  stage.settle();
}

CONTRACT_TEST("LOOP-02", "a callback that reschedules itself for ever does not starve connections") {
  const Pair pair = stage.connect_pair();
  if (sim::World* world = stage.world()) {
    // Virtual time stands still meanwhile, so what is to arrive must take none.
    sim::LinkOptions link;
    link.latency = 0s;
    world->set_link(world->host("client"), world->host("server"), link);
    stage.settle();
  }
  Loop& loop = stage.server();
  bool stopped = false;
  int turns = 0;
  std::function<void()> again = [&] {
    if (!stopped && ++turns < 100'000) loop.call_soon([&] { again(); });
  };
  again();
  pair.client->transport.write("hello");
  stage.run_until([&] { return pair.server->received() == "hello"; }, "bytes to be received");
  CHECK(turns < 100'000);
  stopped = true;
  stage.settle();
}

CONTRACT_TEST("LOOP-03", "cancelling before the run prevents it, and cancelled tells") {
  Loop& loop = stage.server();
  Log log;
  const Handle soon = loop.call_soon(log.letter('s'));
  const Handle later = loop.call_later(2ms, log.letter('l'));
  const Handle at = loop.call_at(loop.time() + 2ms, log.letter('t'));
  const Handle kept = loop.call_later(2ms, log.letter('k'));
  for (const Handle& handle : {soon, later, at}) {
    CHECK_FALSE(handle.cancelled());
    handle.cancel();
    CHECK(handle.cancelled());
    handle.cancel();
    CHECK(handle.cancelled());
  }
  stage.run_until([&] { return !log.text.empty(); }, "the callback that was kept");
  stage.settle();
  CHECK(log.text == "k");
  CHECK_FALSE(kept.cancelled());
  kept.cancel();  // too late, and harmless
  CHECK_FALSE(kept.cancelled());
}

CONTRACT_TEST("LOOP-03", "a callback can cancel one that is to run in the same turn") {
  Loop& loop = stage.server();
  Log log;
  Handle victim;
  loop.call_soon([&] {
    log.text += 'a';
    victim.cancel();
  });
  victim = loop.call_soon(log.letter('x'));
  loop.call_soon(log.letter('b'));
  stage.run_until([&] { return log.text.size() >= 2; }, "two callbacks");
  stage.settle();
  CHECK(log.text == "ab");
  CHECK(victim.cancelled());
}

CONTRACT_TEST("LOOP-03", "a cancelled callback lets go of what it holds at once") {
  Loop& loop = stage.server();
  const auto held = std::make_shared<int>(1);
  const Handle soon = loop.call_soon([held] { FAIL("a cancelled callback ran"); });
  const Handle later = loop.call_later(1h, [held] { FAIL("a cancelled callback ran"); });
  CHECK(held.use_count() == 3);
  soon.cancel();
  later.cancel();
  CHECK(held.use_count() == 1);
}

CONTRACT_TEST("LOOP-04", "timers run in the order of their deadlines, and never before") {
  Loop& loop = stage.server();
  constexpr int count = 200;
  const TimePoint begin = loop.time();
  std::vector<TimePoint> ran;
  bool early = false;
  for (int i = 0; i < count; ++i) {
    const TimePoint deadline = begin + 1ms + (i * 79 % count) * 100us;  // 79 and 200 have no common factor
    loop.call_at(deadline, [&, deadline] {
      if (loop.time() < deadline) early = true;
      ran.push_back(deadline);
    });
  }
  stage.run_until([&] { return ran.size() == count; }, "all timers");
  CHECK_FALSE(early);
  CHECK(std::ranges::is_sorted(ran));
}

CONTRACT_TEST("LOOP-04",
              "timers that are overdue when they are made run in the order of their deadlines, too") {
  Loop& loop = stage.server();
  const TimePoint now = loop.time();
  std::vector<TimePoint> ran;
  const auto at = [&](TimePoint deadline) {
    const Handle handle = loop.call_at(deadline, [&, deadline] { ran.push_back(deadline); });
    CHECK(handle.when() == deadline);
  };
  stage.in_callback(loop, [&] {
    for (const Duration before : {Duration(3ms), Duration(1ns), Duration(1h), Duration(0), Duration(2ms)}) {
      at(now - before);
    }
    at(TimePoint::min());
  });
  stage.run_until([&] { return ran.size() == 6; }, "all timers");
  CHECK(std::ranges::is_sorted(ran));
}

CONTRACT_TEST("LOOP-04", "a timer waits for its whole delay, from a few nanoseconds to some milliseconds") {
  Loop& loop = stage.server();
  for (const Duration delay :
       {Duration(1), Duration(999), Duration(1'500), Duration(1ms + 1ns), Duration(3ms)}) {
    const TimePoint begin = loop.time();
    std::optional<Duration> took;
    const Handle handle = loop.call_later(delay, [&] { took = loop.time() - begin; });
    CHECK(handle.when() >= begin + delay);
    stage.run_until([&] { return took.has_value(); }, "a timer");
    CHECK(*took >= delay);
  }
}

CONTRACT_TEST("LOOP-05", "timers with equal deadlines run in the order they were scheduled") {
  Loop& loop = stage.server();
  const TimePoint deadline = loop.time() + 2ms;
  const TimePoint past = loop.time() - 1ms;
  std::vector<int> ran;
  for (int i = 0; i < 50; ++i) {
    loop.call_at(deadline, [&, i] { ran.push_back(50 + i); });
    loop.call_at(deadline + 1ms, [&, i] { ran.push_back(100 + i); });
    loop.call_at(past, [&, i] { ran.push_back(i); });
  }
  stage.run_until([&] { return ran.size() == 150; }, "all timers");
  CHECK(std::ranges::is_sorted(ran));
}

CONTRACT_TEST("LOOP-06", "a timer without delay or in the past runs in the next turn, behind call_soon") {
  Loop& loop = stage.server();
  for (const Duration delay : {Duration(0), Duration(-1ms), Duration(-24h), Duration::min()}) {
    Log log;
    stage.in_callback(loop, [&] {
      loop.call_soon([&] {
        log.text += 'a';
        loop.call_soon(log.letter('d'));  // the turn after the next
      });
      loop.call_later(delay, log.letter('b'));
      loop.call_later(delay, log.letter('c'));
      CHECK(log.text.empty());
    });
    stage.run_until([&] { return log.text.size() == 4; }, "four callbacks");
    CHECK(log.text == "abcd");
  }
}

CONTRACT_TEST("LOOP-06", "call_at with a time in the past runs in the next turn, behind call_soon") {
  Loop& loop = stage.server();
  for (const TimePoint when : {loop.time(), loop.time() - 1h, TimePoint::min()}) {
    Log log;
    stage.in_callback(loop, [&] {
      loop.call_soon([&] {
        log.text += 'a';
        loop.call_soon(log.letter('d'));
      });
      loop.call_soon(log.letter('b'));
      loop.call_at(when, log.letter('c'));
      CHECK(log.text.empty());
    });
    stage.run_until([&] { return log.text.size() == 4; }, "four callbacks");
    CHECK(log.text == "abcd");
  }
}

}  // namespace
}  // namespace twinwire::contract
