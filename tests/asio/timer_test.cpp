// Plain Asio timers on both backends: virtual on a simulated loop, Asio's own on a real one.
#include "../unit/loops.hpp"
#include "../unit/witness.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_timer.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

TEMPLATE_TEST_CASE("timers end in the order of their times", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  std::string order;
  std::vector<asio::steady_timer> timers;
  asio::system_timer calendar(loop.get_executor());
  for (const int delay : {3, 1, 2, 1}) {
    timers.emplace_back(loop.get_executor(), delay * 1ms);  // and moved, when the vector grows
    // A busy machine may have paused between two of them.
    timers.back().expires_at(timers.front().expiry() + (delay - 3) * 1ms);
    timers.back().async_wait([&, delay](error_code error) {
      CHECK_FALSE(error);
      order += std::to_string(delay);
      if (delay != 3) return;
      calendar.expires_after(1ms);
      calendar.async_wait([&](error_code ended) {
        CHECK_FALSE(ended);
        order += 'c';
        loop.stop();
      });
    });
  }
  loop.run_forever();
  CHECK(order == "1123c");
}

TEMPLATE_TEST_CASE("a timer is cancelled as Asio's is", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  std::string order;
  const auto told = [&](const char* name) {
    return [&order, name](error_code error) {
      order += name;
      order += error == asio::error::operation_aborted ? "!" : error ? "?" : ".";
    };
  };
  asio::steady_timer timer(loop.get_executor(), 1h);
  CHECK(timer.cancel() == 0);
  timer.async_wait(told("a"));
  timer.async_wait(told("b"));
  timer.async_wait(told("c"));
  CHECK(timer.cancel_one() == 1);
  asio::cancellation_signal signal;
  timer.async_wait(asio::bind_cancellation_slot(signal.slot(), told("d")));
  signal.emit(asio::cancellation_type::total);
  CHECK(timer.expires_after(2h) == 2);
  CHECK(order.empty());  // not inside the call
  timer.async_wait(told("e"));
  {
    asio::steady_timer moved(std::move(timer));
    timer = asio::steady_timer(loop.get_executor(), -1s);
    timer.async_wait(told("f"));
    CHECK(moved.expiry() > timer.expiry());
  }
  asio::steady_timer assigned(loop.get_executor(), 3h);
  assigned.async_wait(told("g"));
  assigned = asio::steady_timer(loop.get_executor(), 1ms);
  assigned.async_wait([&](error_code) { loop.stop(); });
  loop.run_forever();
  for (const char* part : {"a!", "b!", "c!", "d!", "e!", "f.", "g!"}) {
    INFO(part);
    CHECK(order.find(part) != std::string::npos);
  }
  CHECK(order.size() == 14);
}

TEMPLATE_TEST_CASE("what has expired cannot be cancelled", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  asio::steady_timer timer(loop.get_executor());
  timer.expires_at(std::chrono::steady_clock::time_point::min());
  std::vector<error_code> errors;
  timer.async_wait([&](error_code error) {
    errors.push_back(error);
    CHECK(timer.cancel() == 0);
  });
  timer.async_wait([&](error_code error) {
    errors.push_back(error);
    loop.stop();
  });
  loop.run_forever();
  CHECK(errors == std::vector<error_code>(2));
}

TEMPLATE_TEST_CASE("coroutines wait for timers, on strands, too", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    asio::steady_timer never(loop.get_executor(), asio::steady_timer::time_point::max());
    auto strand = asio::make_strand(loop.get_executor());
    asio::steady_timer soon(strand, 1ms);
    const auto [first] = co_await soon.async_wait(asio::as_tuple(use_awaitable));
    CHECK_FALSE(first);
    soon.expires_after(1ms);
    const auto winner = co_await (never.async_wait(use_awaitable) || soon.async_wait(use_awaitable));
    CHECK(winner.index() == 1);
  });
}

TEST_CASE("on a simulated loop, a timer's time is the loop's") {
  sim::World world(1);
  sim::HostOptions drifting;
  drifting.drift_ppm = 100'000;  // a tenth faster
  Loop& loop = world.add_host("host", drifting).loop();
  run_until_complete(loop, [&]() -> awaitable<void> {
    asio::steady_timer timer(loop.get_executor(), 11h);
    const TimePoint before = loop.time();
    co_await timer.async_wait(use_awaitable);
    const bool on_time = loop.time() - before == 11h;
    CHECK(on_time);
    CHECK(timer.expiry().time_since_epoch() == loop.time().time_since_epoch());
  });
  CHECK(world.time() == TimePoint(10h));
}

TEST_CASE("on a simulated loop, a system_timer's time is the calendar's, even when it is stepped") {
  using Calendar = std::chrono::system_clock;
  sim::World world(1);
  sim::HostOptions drifting;
  drifting.drift_ppm = 100'000;
  sim::Host& host = world.add_host("host", drifting);
  Loop& loop = host.loop();
  const auto calendar = [&] {
    return Calendar::time_point(
        std::chrono::duration_cast<Calendar::duration>(loop.wall_time().time_since_epoch()));
  };
  run_until_complete(loop, [&]() -> awaitable<void> {
    asio::system_timer timer(loop.get_executor());
    for (const Duration step : {Duration(0), Duration(-12h), Duration(12h)}) {
      const Calendar::time_point tomorrow = calendar() + 24h;
      timer.expires_at(tomorrow);
      loop.call_later(1h, [&, step] { host.step_wall_clock(step); });
      co_await timer.async_wait(use_awaitable);
      const bool reached = calendar() >= tomorrow && calendar() < tomorrow + 5min;
      CHECK(reached);
    }
  });
  // It is the calendar's drift that counts, which has none.
  CHECK(world.time() >= TimePoint(24h + 36h + 12h));
  CHECK(world.time() < TimePoint(24h + 36h + 12h + 5min));
}

TEMPLATE_TEST_CASE("a wait without an end keeps no simulation going", "", asio::steady_timer,
                   asio::system_timer) {
  SimLoop here;
  TestType timer(here.loop.get_executor(), TestType::time_point::max());
  int cancelled = 0;
  timer.async_wait([&](error_code error) { cancelled += error == asio::error::operation_aborted ? 1 : 0; });
  here.world.run();
  CHECK(here.world.time() == TimePoint());
  try {
    run_until_complete(here.loop, [&]() -> awaitable<void> { co_await timer.async_wait(use_awaitable); });
    FAIL("it ended");
  } catch (const sim::SimulationError& error) {
    CHECK(error.kind() == sim::FailureKind::deadlock);
  }
  timer.cancel();
  here.world.run();
  CHECK(cancelled == 1);
}

TEST_CASE("what else reaches for the system throws on a simulated loop, and so does blocking") {
  SimLoop here;
  const Executor executor = here.loop.get_executor();
  CHECK_THROWS_AS(asio::ip::tcp::socket(executor), std::logic_error);
  CHECK_THROWS_AS(asio::ip::tcp::resolver(executor), std::logic_error);
  asio::steady_timer timer(executor, 1s);
  CHECK_THROWS_AS(timer.wait(), std::logic_error);
}

TEST_CASE("timers of both kinds of loops, and of others, live in one program") {
  SimLoop simulated;
  RealLoop real;
  asio::io_context plain;
  int ended = 0;
  const auto count = [&](error_code error) { ended += error ? 0 : 1; };
  asio::steady_timer virtual_timer(simulated.loop.get_executor(), 24h);
  virtual_timer.async_wait(count);
  asio::steady_timer real_timer(real.loop.get_executor(), 1ms);
  real_timer.async_wait([&](error_code error) {
    count(error);
    real.loop.stop();
  });
  asio::steady_timer plain_timer(plain, 1ms);
  plain_timer.async_wait(count);
  real.loop.run_forever();
  plain.run();
  simulated.world.run();
  CHECK(ended == 3);
  // From one kind of loop to the other: what it was waiting for is cancelled, what comes goes on.
  virtual_timer.expires_after(1h);
  error_code left_behind;
  virtual_timer.async_wait([&](error_code error) { left_behind = error; });
  asio::steady_timer another(plain, 1ms);
  another.async_wait(count);
  const auto expiry = another.expiry();
  virtual_timer = std::move(another);
  CHECK(virtual_timer.expiry() == expiry);
  simulated.world.run();
  CHECK(left_behind == asio::error::operation_aborted);
  plain.restart();
  plain.run();
  CHECK(ended == 4);
  // And back.
  asio::steady_timer again(simulated.loop.get_executor(), 1h);
  again.async_wait(count);
  virtual_timer = std::move(again);
  virtual_timer.expires_after(2h);
  const TimePoint begin = simulated.loop.time();
  virtual_timer.async_wait(count);
  simulated.world.run();
  CHECK(simulated.loop.time() - begin == 2h);
  CHECK(ended == 5);
}

TEMPLATE_TEST_CASE("a loop that goes or is closed lets go of waits", "", SimLoop, RealLoop) {
  for (const bool close : {false, true}) {
    error_code told;
    {
      TestType here;
      const auto timer = std::make_shared<asio::steady_timer>(here.loop.get_executor(), 1h);
      const auto witness = std::make_shared<Witness>();
      timer->async_wait([timer, witness, &told](error_code error) { told = error; });
      run_until_complete(here.loop, [&]() -> awaitable<void> {
        asio::steady_timer other(here.loop.get_executor(), 1ms);
        co_await other.async_wait(use_awaitable);
      });
      if (close) here.loop.close();
    }
    CHECK(Witness::alive == 0);
    if (std::is_same_v<TestType, SimLoop>)
      CHECK(told == (close ? error_code(asio::error::operation_aborted) : error_code()));
  }
}

}  // namespace
}  // namespace twinwire
