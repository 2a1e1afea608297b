// What comes to a loop from outside: other threads, executors, signals.
#include "endpoints.hpp"
#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// Within this an idle loop wakes, however busy the machine is.
constexpr Duration wake_time_max = 30s;

/// Runs the loop, with nothing to do but what `from_outside` brings about: on the real system from another
/// thread, while the loop waits; under simulation, where no other thread is, later in virtual time. How long
/// it took until the loop was stopped; nothing if nobody did.
std::optional<Duration> run_idle_loop(Stage& stage, Loop& loop, std::function<void()> from_outside) {
  const TimePoint begin = loop.time();
  bool in_vain = false;
  const Handle guard = loop.call_later(wake_time_max, [&] {
    in_vain = true;
    loop.stop();
  });
  std::thread thread;
  if (sim::World* world = stage.world()) {
    world->host("client").loop().call_later(20ms, [&] { from_outside(); });
  } else {
    thread = std::thread([&] {
      std::this_thread::sleep_for(20ms);  // so that the loop has gone to wait
      from_outside();
    });
  }
  loop.run_forever();
  if (thread.joinable()) thread.join();
  guard.cancel();
  if (in_vain) return std::nullopt;
  return loop.time() - begin;
}

CONTRACT_TEST("LOOP-09", "call_soon_threadsafe wakes an idle loop, and runs on its thread") {
  Loop& loop = stage.server();
  std::thread::id ran_on;
  std::thread::id called_on;
  bool in_callback = false;
  const auto took = run_idle_loop(stage, loop, [&] {
    called_on = std::this_thread::get_id();
    loop.call_soon_threadsafe([&] {
      ran_on = std::this_thread::get_id();
      in_callback = loop.in_callback();
      loop.stop();
    });
  });
  CHECK(took.has_value());
  CHECK(ran_on == std::this_thread::get_id());
  CHECK(in_callback);
  if (!stage.simulated()) CHECK(called_on != ran_on);
}

CONTRACT_TEST("LOOP-09", "call_soon_threadsafe runs each callback once, in the order of one thread's calls") {
  Loop& loop = stage.server();
  constexpr int count = 2'000;
  std::vector<int> ran;
  const auto took = run_idle_loop(stage, loop, [&] {
    for (int i = 0; i < count; ++i) {
      loop.call_soon_threadsafe([&, i] {
        ran.push_back(i);
        if (i + 1 == count) loop.stop();
      });
    }
  });
  CHECK(took.has_value());
  stage.settle();
  REQUIRE(ran.size() == count);
  CHECK(std::ranges::is_sorted(ran));
}

CONTRACT_TEST("LOOP-09", "call_soon_threadsafe rejects an empty callback, and the loop goes on") {
  Loop& loop = stage.server();
  bool ran = false;
  CHECK_THROWS_AS(loop.call_soon_threadsafe(nullptr), std::invalid_argument);
  loop.call_soon_threadsafe([&] { ran = true; });
  stage.run_until([&] { return ran; }, "the callback behind it");
}

CONTRACT_TEST("LOOP-09", "a function in the executor can call back with call_soon_threadsafe") {
  Loop& loop = stage.server();
  std::thread::id ran_on;
  const auto outcome = Outcome<int>::make();
  loop.run_in_executor(
      [&] {
        loop.call_soon_threadsafe([&] { ran_on = std::this_thread::get_id(); });
        return 1;
      },
      outcome->completion());
  stage.run_until([&] { return outcome->done() && ran_on != std::thread::id(); }, "both to come back");
  CHECK(ran_on == std::this_thread::get_id());
}

CONTRACT_TEST("LOOP-10", "run_in_executor runs off the loop's thread, and delivers the result on it") {
  Loop& loop = stage.server();
  std::thread::id worked_on;
  const bool simulated = stage.simulated();  // then it is the same thread, but not a callback of the loop
  bool in_callback = false;
  std::thread::id delivered_on;
  int result = 0;
  std::exception_ptr failure;
  as_user([&] {
    loop.run_in_executor(
        [&] {
          worked_on = std::this_thread::get_id();
          if (simulated) in_callback = loop.in_callback();
          return 6 * 7;
        },
        [&](std::exception_ptr ended, int value) {
          CHECK_FALSE(UserCall::active());
          delivered_on = std::this_thread::get_id();
          failure = std::move(ended);
          result = value;
        });
  });
  if (simulated) CHECK(worked_on == std::thread::id());  // another thread may have done it already
  stage.run_until([&] { return delivered_on != std::thread::id(); }, "the result");
  CHECK(result == 42);
  CHECK(failure == nullptr);
  CHECK(delivered_on == std::this_thread::get_id());
  CHECK_FALSE(in_callback);
  if (!simulated) CHECK(worked_on != delivered_on);
}

CONTRACT_TEST("LOOP-10", "what a function in the executor throws is what the operation fails with") {
  Loop& loop = stage.server();
  const auto with_result = Outcome<std::string>::make();
  const auto without = Outcome<bool>::make();
  loop.run_in_executor([]() -> std::string { throw std::out_of_range("too far"); },
                       with_result->completion());
  loop.run_in_executor([] { throw 7; }, without->void_completion());
  stage.run_until([&] { return with_result->done() && without->done(); }, "both functions");
  REQUIRE(with_result->failure != nullptr);
  REQUIRE(without->failure != nullptr);
  CHECK(with_result->message() == "too far");
  CHECK_THROWS_AS(std::rethrow_exception(with_result->failure), std::out_of_range);
  CHECK_THROWS_AS(std::rethrow_exception(without->failure), int);
  CHECK(stage.take_reports().empty());
}

CONTRACT_TEST("LOOP-10", "each function in the executor runs once, and is delivered once") {
  constexpr int count = 20;
  std::array<std::atomic<int>, count> runs{};
  std::array<int, count> results{};
  int delivered = 0;
  for (std::size_t i = 0; i < count; ++i) {
    stage.server().run_in_executor([&runs, i] { return ++runs[i]; },
                                   [&results, &delivered, i](std::exception_ptr, int result) {
                                     results[i] += result;
                                     ++delivered;
                                   });
  }
  stage.run_until([&] { return delivered == count; }, "all functions");
  stage.settle();
  CHECK(delivered == count);
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(runs[i] == 1);
    CHECK(results[i] == 1);
  }
}

CONTRACT_TEST("LOOP-10", "the loop goes on while a function runs in the executor") {
  Loop& loop = stage.server();
  std::atomic<bool> loop_went_on = false;
  const auto outcome = Outcome<bool>::make();
  const bool simulated = stage.simulated();
  const auto end = std::chrono::steady_clock::now() + wake_time_max;
  loop.run_in_executor(
      [&] {
        while (!simulated && !loop_went_on && std::chrono::steady_clock::now() < end)
          std::this_thread::yield();
        return loop_went_on.load();
      },
      outcome->completion());
  loop.call_soon([&] { loop_went_on = true; });
  stage.run_until([&] { return outcome->done(); }, "the function");
  CHECK(outcome->value);
}

CONTRACT_TEST("LOOP-10", "under simulation the same seed gives the same times to functions in the executor") {
  Loop& loop = stage.server();
  constexpr int count = 10;
  const auto run = [&](Loop& on, std::vector<std::pair<int, Duration>>& ends) {
    const TimePoint begin = on.time();
    for (int i = 0; i < count; ++i) {
      on.run_in_executor([] {},
                         [&, i, begin](std::exception_ptr) { ends.emplace_back(i, on.time() - begin); });
    }
  };
  std::vector<std::pair<int, Duration>> ends;
  run(loop, ends);
  stage.run_until([&] { return ends.size() == count; }, "all functions");
  if (!stage.simulated()) return;
  std::vector<std::vector<std::pair<int, Duration>>> again(2);
  for (auto& more : again) {
    sim::World world(7);
    run(world.add_host("server").loop(), more);
    world.run();
  }
  CHECK(again[0].size() == count);
  CHECK(again[0] == again[1]);
}

/// The signal arrives at the host, or at this process.
void deliver(Stage& stage, int signal_number) {
  if (sim::World* world = stage.world()) {
    world->host("server").deliver_signal(signal_number);
  } else {
    ::kill(::getpid(), signal_number);
  }
}

CONTRACT_TEST("LOOP-12", "a signal handler runs as an ordinary callback, for each arrival") {
  Loop& loop = stage.server();
  int arrived = 0;
  bool in_callback = false;
  loop.add_signal_handler(SIGUSR1, [&] {
    ++arrived;
    in_callback = loop.in_callback();
  });
  deliver(stage, SIGUSR1);
  CHECK(arrived == 0);
  stage.run_until([&] { return arrived == 1; }, "the handler");
  CHECK(in_callback);
  deliver(stage, SIGUSR1);
  stage.run_until([&] { return arrived == 2; }, "the handler once more");
  stage.settle();
  CHECK(arrived == 2);
  CHECK(loop.remove_signal_handler(SIGUSR1));
}

CONTRACT_TEST("LOOP-12", "a signal wakes an idle loop") {
  Loop& loop = stage.server();
  loop.add_signal_handler(SIGUSR2, [&] { loop.stop(); });
  CHECK(run_idle_loop(stage, loop, [&] { deliver(stage, SIGUSR2); }).has_value());
  CHECK(loop.remove_signal_handler(SIGUSR2));
}

CONTRACT_TEST("LOOP-12",
              "a second registration replaces the first, and removing tells whether there was one") {
  Loop& loop = stage.server();
  std::string log;
  CHECK_FALSE(loop.remove_signal_handler(SIGWINCH));
  loop.add_signal_handler(SIGWINCH, [&] { log += 'a'; });
  loop.add_signal_handler(SIGWINCH, [&] { log += 'b'; });
  loop.add_signal_handler(SIGURG, [&] { log += 'u'; });
  deliver(stage, SIGWINCH);
  stage.run_until([&] { return !log.empty(); }, "the handler");
  stage.settle();
  CHECK(log == "b");
  CHECK(loop.remove_signal_handler(SIGWINCH));
  CHECK_FALSE(loop.remove_signal_handler(SIGWINCH));
  deliver(stage, SIGWINCH);  // which is ignored by default
  deliver(stage, SIGURG);
  stage.run_until([&] { return log.size() > 1; }, "the other handler");
  stage.settle();
  CHECK(log == "bu");
  CHECK(loop.remove_signal_handler(SIGURG));
}

CONTRACT_TEST("LOOP-12", "what a signal handler throws is reported, and the next signal is handled") {
  Loop& loop = stage.server();
  int arrived = 0;
  loop.add_signal_handler(SIGUSR1, [&] {
    ++arrived;
    throw std::runtime_error("not ready for that");
  });
  for (int i = 1; i <= 2; ++i) {
    deliver(stage, SIGUSR1);
    stage.run_until([&] { return arrived == i; }, "the handler");
    const std::vector<Report> reports = stage.take_reports();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].what == "not ready for that");
  }
  CHECK(loop.remove_signal_handler(SIGUSR1));
}

CONTRACT_TEST("LOOP-12", "a signal that cannot be caught is rejected") {
  Loop& loop = stage.server();
  for (const int number : {0, -1, 1'000, SIGKILL, SIGSTOP}) {
    CHECK_THROWS_AS(loop.add_signal_handler(number, [] {}), OperationError);
    CHECK_FALSE(loop.remove_signal_handler(number));
  }
}

}  // namespace
}  // namespace twinwire::contract
