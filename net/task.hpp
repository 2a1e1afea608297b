// Coroutines as tasks of a loop.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/completion.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/operation.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace twinwire {

namespace detail {
class TaskState;
}

/// How a task is reported.
struct TaskOptions {
  TaskOptions() = default;
  explicit TaskOptions(bool is_background) : background(is_background) {}
  /// A task that waits for ever does not count as a deadlock at the end of a simulation: a server's, say.
  bool background = false;
};

/// A coroutine that runs on a loop. A counted handle: letting go of it neither ends nor cancels the task.
/// Loop thread only. https://docs.python.org/3/library/asyncio-task.html#task-object
class Task {
 public:
  Task();
  explicit Task(detail::Ref<detail::TaskState> state);
  Task(const Task&);
  Task(Task&&) noexcept;
  Task& operator=(Task) noexcept;
  ~Task();

  /// Makes what the coroutine waits for fail with operation_canceled, now or at its next co_await; before its
  /// first step it does not begin at all. It may clean up, and take its time for that. As Asio has it, each
  /// further co_await throws, until the coroutine calls `reset_cancellation_state`.
  void cancel() const;
  /// True when it has ended, however it did, and for a default-constructed one.
  bool done() const noexcept;
  const std::string& name() const;
  /// See TaskOptions::background.
  void set_background() const noexcept;

  /// Completes when the task has ended, however it did: what it threw was told to the exception handler.
  /// Throws std::logic_error at once on a default-constructed task.
  template <class Token = boost::asio::use_awaitable_t<>>
  auto wait(Token&& token = Token{}) const {
    return detail::initiate<void(std::exception_ptr)>(
        loop(), std::forward<Token>(token),
        [self = *this](VoidCompletion done) { return self.start_wait(std::move(done)); });
  }

  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

 private:
  Loop& loop() const;
  Operation start_wait(VoidCompletion done) const;

  detail::Ref<detail::TaskState> state_;
};

/// Runs a coroutine on the loop, from the next turn on. While it runs it is one of the loop's pending
/// operations, "task NAME", so that a simulated world that gets stuck names it. An exception that escapes
/// goes to the loop's exception handler, unless the task was cancelled and the exception says so. Closing the
/// loop cancels it; destroying the loop destroys it where it stands. Throws std::logic_error on a closed
/// loop. https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task
Task spawn(Loop& loop, awaitable<void> coroutine, std::string name, TaskOptions options = {});

namespace detail {

/// A function that is a coroutine, such as a lambda with captures. It must live as long as its coroutine
/// runs.
template <class F>
concept CoroutineFunction = requires(F& function) { typename std::invoke_result_t<F&>::value_type; };

/// Keeps the function for its coroutine.
template <CoroutineFunction F>
std::invoke_result_t<F&> call_kept(F function) {
  co_return co_await function();
}

/// Runs `coroutine` and the loop until it has ended. What escapes from it is thrown.
void run_main(Loop& loop, awaitable<void> coroutine);

template <class T>
awaitable<void> keep_result(awaitable<T> coroutine, std::shared_ptr<std::optional<T>> result) {
  result->emplace(co_await std::move(coroutine));
}

}  // namespace detail

/// spawn for a function that is a coroutine: `spawn(loop, [&]() -> awaitable<void> { ... }, "client")`. The
/// function is kept for as long as the coroutine runs, which `[&] { ... }()`, called by you, is not.
template <detail::CoroutineFunction F>
Task spawn(Loop& loop, F function, std::string name, TaskOptions options = {}) {
  return spawn(loop, detail::call_kept(std::move(function)), std::move(name), options);
}

/// Runs the loop until the coroutine has ended, and returns or throws what it did. A simulated loop drives
/// its world meanwhile, and throws SimulationError when that gets stuck. Throws std::logic_error when the
/// loop runs already, is closed, or was stopped before the coroutine had ended, which stays pending then.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_until_complete
template <class T>
T run_until_complete(Loop& loop, awaitable<T> main) {
  if constexpr (std::is_void_v<T>) {
    detail::run_main(loop, std::move(main));
  } else {
    // Shared, because a world that gets stuck leaves the coroutine behind.
    const auto result = std::make_shared<std::optional<T>>();
    detail::run_main(loop, detail::keep_result(std::move(main), result));
    return std::move(**result);
  }
}

/// run_until_complete for a function that is a coroutine.
template <detail::CoroutineFunction F>
auto run_until_complete(Loop& loop, F main) {
  return run_until_complete(loop, main());
}

}  // namespace twinwire
