// Deadlines around whatever a coroutine awaits, on both backends.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/time.hpp>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

namespace twinwire {
namespace detail {

/// What can cancel an operation that has a deadline: the deadline, or whoever waits for the operation.
class Deadline : public RefCounted {
 public:
  explicit Deadline(Loop& loop) noexcept : loop_(loop) {}

  void start(TimePoint when);
  /// Its user is cancelled, and so is the operation.
  void cancel();
  boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }
  /// The operation has ended, with this. The failure to go on with: one that stands for being cancelled by
  /// the deadline becomes timed_out, any other stays.
  std::exception_ptr end(std::exception_ptr failure, const std::string& what, Duration limit);

 private:
  void emit();

  Loop& loop_;
  boost::asio::cancellation_signal signal_;
  Handle timer_;
  bool expired_ = false;
  bool cancelled_ = false;
};

/// Runs `operation` as a coroutine of its own, whose cancellation signal is the deadline's.
template <class Operation>
auto run_with(Ref<Deadline> deadline, boost::asio::any_io_executor executor, TimePoint when,
              Operation&& operation) {
  return boost::asio::async_initiate<const boost::asio::deferred_t&, void(std::exception_ptr)>(
      [deadline, executor, when](auto&& handler, auto&& coroutine) {
        const auto outer = boost::asio::get_associated_cancellation_slot(handler);
        if (outer.is_connected()) {
          boost::asio::cancellation_slot(outer).assign(
              [deadline](boost::asio::cancellation_type_t) { deadline->cancel(); });
        }
        deadline->start(when);
        boost::asio::co_spawn(
            executor, std::forward<decltype(coroutine)>(coroutine),
            boost::asio::bind_cancellation_slot(deadline->slot(), std::forward<decltype(handler)>(handler)));
      },
      boost::asio::deferred, std::forward<Operation>(operation));
}

template <class T>
awaitable<T> await_with_deadline(Loop& loop, TimePoint when, Duration limit, awaitable<T> operation,
                                 std::string what) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto deadline = make_ref<Deadline>(loop);
  std::exception_ptr failure;
  std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> result{};
  auto body = [&]() -> awaitable<void> {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(operation);
    } else {
      result.emplace(co_await std::move(operation));
    }
  };
  try {
    co_await run_with(deadline, executor, when, body);
  } catch (...) {
    failure = std::current_exception();
  }
  failure = deadline->end(std::move(failure), what, limit);
  if (failure) std::rethrow_exception(failure);
  if constexpr (!std::is_void_v<T>) co_return std::move(*result);
}

}  // namespace detail

/// Awaits `operation`, for this long at most. When the time is over the operation is cancelled, its end is
/// awaited (whatever it does to clean up included), and then OperationError(timed_out) is thrown, whose text
/// names what was awaited: `what`, or else what the operation's own error says. By then everything that the
/// operation held is released. An operation that ends otherwise in spite of being cancelled decides: its
/// result is returned, its own exception thrown. Cancelling the whole wins over the deadline. Deadlines nest.
///
/// Zero or less gives the operation one turn. Works in any coroutine on the executor of a loop; throws
/// std::logic_error elsewhere. https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout
///
///     std::string line = co_await with_timeout(5s, stream.reader.read_line());
template <class T>
awaitable<T> with_timeout(Duration limit, awaitable<T> operation, std::string what = {}) {
  Loop& loop = loop_of(co_await boost::asio::this_coro::executor);
  co_return co_await detail::await_with_deadline(loop, saturating_add(loop.time(), limit), limit,
                                                 std::move(operation), std::move(what));
}

/// As with_timeout, until the loop's time() reaches `when`: for several operations that share a deadline.
template <class T>
awaitable<T> with_deadline(TimePoint when, awaitable<T> operation, std::string what = {}) {
  Loop& loop = loop_of(co_await boost::asio::this_coro::executor);
  co_return co_await detail::await_with_deadline(loop, when, saturating_sub(when, loop.time()),
                                                 std::move(operation), std::move(what));
}

}  // namespace twinwire
