// Loops that are made, run and closed on different threads, and what other threads may do meanwhile. There is
// nothing to simulate about that, so these are for the real system alone.
#include "harness.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

namespace twinwire::contract {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Runs a loop on a thread of its own until it is stopped. False if nobody did so for a long time.
class LoopThread {
 public:
  explicit LoopThread(Loop& loop)
      : guard_(loop.call_later(30s,
                               [this, &loop] {
                                 in_vain_ = true;
                                 loop.stop();
                               })),
        thread_([&loop] { loop.run_forever(); }) {}
  ~LoopThread() {
    if (thread_.joinable()) thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  bool join() {
    thread_.join();
    guard_.cancel();
    return !in_vain_;
  }

 private:
  bool in_vain_ = false;
  Handle guard_;
  std::thread thread_;
};

TEST_CASE("[real] LOOP-09 posts reach a loop that another thread has only just started", "[real][LOOP-09]") {
  constexpr int count = 50;
  for (int round = 0; round < 50; ++round) {
    const auto loop = real::new_event_loop();
    if (round % 2 == 1) {  // that it ran on this thread before means nothing
      loop->stop();
      loop->run_forever();
    }
    int posted = 0;
    int called = 0;
    LoopThread thread(*loop);
    for (int i = 0; i < count; ++i) {
      asio::post(loop->get_executor(), [&] { ++posted; });
      loop->call_soon_threadsafe([&] { ++called; });
    }
    asio::post(loop->get_executor(), [&] { loop->stop(); });
    REQUIRE(thread.join());
    REQUIRE(posted == count);
    REQUIRE(called == count);
  }
}

/// A callback that tells when it is moved, which is often on its way into a queue. Small enough for that.
struct Moving {
  Moving(std::function<void()>& moved, Loop& loop) : moved(moved), loop(loop) {}
  Moving(Moving&& other) noexcept : moved(other.moved), loop(other.loop) { moved(); }
  void operator()() const { loop.stop(); }
  std::function<void()>& moved;
  Loop& loop;
};

TEST_CASE("[real] LOOP-09 call_soon_threadsafe wakes a loop that starts at any moment of the call",
          "[real][LOOP-09]") {
  for (const bool ran_here : {false, true}) {
    for (int moment = 1; moment <= 8; ++moment) {
      INFO("move " << moment);
      const auto loop = real::new_event_loop();
      if (ran_here) {
        loop->stop();
        loop->run_forever();
      }
      std::optional<LoopThread> thread;
      int moves = 0;
      const std::thread::id caller = std::this_thread::get_id();
      std::function<void()> moved = [&] {
        if (std::this_thread::get_id() != caller || ++moves != moment) return;
        thread.emplace(*loop);
        std::this_thread::sleep_for(5ms);  // so that it has gone to wait
      };
      loop->call_soon_threadsafe(Moving(moved, *loop));
      if (!thread) thread.emplace(*loop);
      REQUIRE(thread->join());
    }
  }
}

TEST_CASE("[real] LOOP-09 posts keep their order, before the loop runs and while it does",
          "[real][LOOP-09]") {
  const auto loop = real::new_event_loop();
  std::vector<int> ran;
  const auto note = [&](int number) { return [&ran, number] { ran.push_back(number); }; };
  asio::post(loop->get_executor(), note(0));
  loop->call_soon_threadsafe(note(1));
  asio::post(loop->get_executor(), note(2));
  asio::post(loop->get_executor(), [&] {
    loop->call_soon(note(3));
    asio::post(loop->get_executor(), note(4));
    loop->call_soon(note(5));
    asio::post(loop->get_executor(), [&] { loop->stop(); });
  });
  loop->run_forever();
  CHECK(ran.size() == 6);
  CHECK(std::ranges::is_sorted(ran));
}

TEST_CASE("[real] LOOP-09 strands can be made and used on several threads while the loop runs",
          "[real][LOOP-09]") {
  const auto loop = real::new_event_loop();
  constexpr int count = 200;
  std::vector<int> ran;
  std::thread::id ran_on;
  LoopThread thread(*loop);
  const auto post_some = [&](int from) {
    const auto strand = asio::make_strand(loop->get_executor());
    for (int i = 0; i < count; ++i) {
      asio::post(strand, [&, i, from] {
        ran_on = std::this_thread::get_id();
        ran.push_back(from + i);
        if (ran.size() == 2 * count) loop->stop();
      });
    }
  };
  std::thread other(post_some, count);
  post_some(0);
  other.join();
  CHECK(thread.join());
  CHECK(ran_on != std::this_thread::get_id());
  REQUIRE(ran.size() == 2 * count);
  std::ranges::stable_partition(ran, [](int number) { return number < count; });
  CHECK(std::ranges::is_sorted(ran));
}

TEST_CASE("[real] LOOP-09 a loop that ran on another thread is closed on this one", "[real][LOOP-09]") {
  const auto loop = real::new_event_loop();
  bool ended = false;
  Task task;
  LoopThread thread(*loop);
  asio::post(loop->get_executor(), [&] {
    task = spawn(
        *loop,
        [&]() -> awaitable<void> {
          const std::shared_ptr<void> at_end(nullptr, [&](void*) { ended = true; });
          co_await sleep_for(*loop, 1h);
        },
        "sleeper");
    loop->call_later(1ms, [&] { loop->stop(); });
  });
  REQUIRE(thread.join());
  CHECK_FALSE(ended);
  std::vector<int> ran;
  const auto note = [&](int number) { return [&ran, number] { ran.push_back(number); }; };
  std::thread([&] {
    asio::post(loop->get_executor(), [&] {
      loop->call_soon(note(0));
      asio::post(loop->get_executor(), note(1));
      loop->call_soon(note(2));
    });
  }).join();
  loop->close();
  CHECK(ended);
  CHECK(task.done());
  CHECK(ran == std::vector<int>{0, 1, 2});
  CHECK(loop->pending_operations(true).empty());
}

}  // namespace
}  // namespace twinwire::contract
