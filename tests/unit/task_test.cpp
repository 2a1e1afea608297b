// Coroutines as tasks.
#include "loops.hpp"
#include "value_after.hpp"

#include <twinwire/net/task.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using namespace std::chrono_literals;

awaitable<void> fail(Loop& loop) {
  co_await sleep_for(loop, 1ms);
  throw std::out_of_range("on purpose");
}

/// Waits for what never comes; stops the loop once it does if that is asked for.
awaitable<void> hang(Loop& loop, bool stops = false) {
  const ServerOptions options("127.0.0.1", 0);
  const Server server =
      co_await create_server(loop, []() -> std::shared_ptr<BaseProtocol> { return nullptr; }, options);
  if (stops) loop.call_soon([&loop] { loop.stop(); });
  co_await wait_closed(server);
}

TEMPLATE_TEST_CASE("run_until_complete returns what the coroutine returns, or throws it", "", SimLoop,
                   RealLoop) {
  TestType here;
  CHECK(run_until_complete(here.loop, value_after(here.loop, 1ms, 42)) == 42);
  CHECK_THROWS_AS(run_until_complete(here.loop, fail(here.loop)), std::out_of_range);
  int calls = 0;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    ++calls;
    co_return;
  });
  CHECK(calls == 1);
  CHECK(here.loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("run_until_complete tells when the loop stops early, runs, or is closed", "", SimLoop,
                   RealLoop) {
  TestType here;
  CHECK_THROWS_AS(run_until_complete(here.loop, hang(here.loop, true)), std::logic_error);
  CHECK(here.loop.pending_operations() ==
        std::vector<std::string>{"task main", "wait until a server is closed"});
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    CHECK_THROWS_AS(run_until_complete(here.loop, value_after(here.loop, 1ms, 1)), std::logic_error);
    co_return;
  });
  here.loop.close();
  CHECK(here.loop.pending_operations(true).empty());
  CHECK_THROWS_AS(run_until_complete(here.loop, value_after(here.loop, 1ms, 1)), std::logic_error);
  CHECK_THROWS_AS(spawn(here.loop, fail(here.loop), "late"), std::logic_error);
}

TEMPLATE_TEST_CASE("an exception that escapes a task goes to the exception handler", "", SimLoop, RealLoop) {
  TestType here;
  std::vector<std::string> reports;
  here.loop.set_exception_handler([&](const ExceptionContext& context) {
    reports.push_back(context.message + ": " + message_of(context.exception));
  });
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    const Task task = spawn(here.loop, fail(here.loop), "unlucky");
    CHECK(task.name() == "unlucky");
    CHECK_FALSE(task.done());
    co_await task.wait();
    CHECK(task.done());
    co_await task.wait();
  });
  CHECK(reports == std::vector<std::string>{"task unlucky threw an exception: on purpose"});
}

TEST_CASE("an exception that escapes a task fails a simulation") {
  SimLoop here;
  spawn(here.loop, fail(here.loop), "unlucky");
  CHECK_THROWS_WITH(here.world.run(), Catch::Contains("task unlucky threw an exception: on purpose"));
}

TEST_CASE("a world that gets stuck names the task that waits") {
  SimLoop here;
  spawn(here.loop, hang(here.loop), "stuck");
  spawn(here.loop, hang(here.loop), "patient", TaskOptions(true));
  try {
    here.world.run();
    FAIL("it returned");
  } catch (const sim::SimulationError& error) {
    CHECK(error.kind() == sim::FailureKind::deadlock);
    CHECK(error.message().find("host waits: task stuck") != std::string::npos);
  }
}

TEST_CASE("a background task is no deadlock") {
  SimLoop here;
  const Task task = spawn(
      here.loop,
      [&]() -> awaitable<void> {
        boost::asio::experimental::channel<void(error_code)> channel(here.loop.get_executor());
        co_await channel.async_receive(use_awaitable);
      },
      "patient", TaskOptions(true));
  here.world.run();
  CHECK_FALSE(task.done());
}

TEMPLATE_TEST_CASE("cancelling a task makes what it waits for fail, and reports nothing", "", SimLoop,
                   RealLoop) {
  TestType here;
  std::string story;
  const Task task = spawn(
      here.loop,
      [&]() -> awaitable<void> {
        try {
          co_await sleep_for(here.loop, 24h);
        } catch (const OperationError& error) {
          if (error.code() == errc::operation_canceled) story += "cancelled ";
        }
        co_await boost::asio::this_coro::reset_cancellation_state();
        co_await sleep_for(here.loop, 1ms);
        story += "cleaned";
        throw OperationError(make_error(errc::operation_canceled), "work");
      },
      "worker");
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    co_await sleep_for(here.loop, 1ms);
    task.cancel();
    CHECK(story.empty());
    co_await task.wait();
  });
  CHECK(story == "cancelled cleaned");
  task.cancel();
}

TEMPLATE_TEST_CASE("a task that is cancelled from outside of the loop ends, too", "", SimLoop, RealLoop) {
  TestType here;
  bool begun = false;
  const auto work = [&]() -> awaitable<void> {
    begun = true;
    co_await sleep_for(here.loop, 24h);
  };
  const Task early = spawn(here.loop, work, "early");
  early.cancel();
  run_until_complete(here.loop, early.wait());
  CHECK_FALSE(begun);
  Task late = spawn(here.loop, work, "late");
  run_until_complete(here.loop, value_after(here.loop, 1ms, 1));
  CHECK(begun);
  late.cancel();
  late = Task();
  run_until_complete(here.loop, value_after(here.loop, 1ms, 1));
  CHECK(here.loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("closing the loop cancels its tasks and lets them clean up", "", SimLoop, RealLoop) {
  TestType here;
  bool cleaned = false;
  struct Cleaner {
    bool& cleaned;
    ~Cleaner() { cleaned = true; }
  };
  spawn(
      here.loop,
      [&]() -> awaitable<void> {
        const Cleaner cleaner{cleaned};
        co_await hang(here.loop);
      },
      "worker");
  run_until_complete(here.loop, value_after(here.loop, 5ms, 1));
  CHECK_FALSE(cleaned);
  here.loop.close();
  CHECK(cleaned);
}

}  // namespace
}  // namespace twinwire
