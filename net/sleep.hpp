// Waiting for time to pass, on both backends. A plain Asio timer needs the operating system; these need the
// loop only, and a simulated year passes as fast as a simulated microsecond.
#pragma once

#include <twinwire/net/completion.hpp>
#include <twinwire/net/executor.hpp>  // not for its own sake: the guard of resolvers
#include <twinwire/net/loop.hpp>
#include <twinwire/net/time.hpp>

#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace twinwire {

namespace detail {
Operation start_sleep(Loop& loop, TimePoint when, VoidCompletion done);
/// "1500 ms": in the largest unit, days excepted, that needs no fraction.
std::string to_text(Duration duration);
}  // namespace detail

/// Completes when the loop's time() has reached `when`; in a later turn if it has already. Equal times:
/// in the order of the calls. Fails with operation_canceled when it is cancelled. Loop thread only.
///
///     co_await sleep_until(loop, deadline);
template <class Token = boost::asio::use_awaitable_t<>>
auto sleep_until(Loop& loop, TimePoint when, Token&& token = Token{}) {
  return detail::initiate<void(std::exception_ptr)>(
      loop, std::forward<Token>(token),
      [&loop, when](VoidCompletion done) { return detail::start_sleep(loop, when, std::move(done)); });
}

/// Completes when this much time has passed, counted from the call itself (not from when it is awaited); zero
/// or less: in a later turn. https://docs.python.org/3/library/asyncio-task.html#asyncio.sleep
template <class Token = boost::asio::use_awaitable_t<>>
auto sleep_for(Loop& loop, Duration duration, Token&& token = Token{}) {
  return sleep_until(loop, saturating_add(loop.time(), duration), std::forward<Token>(token));
}

}  // namespace twinwire
