// Deadlines.
#include "loops.hpp"
#include "value_after.hpp"

#include <twinwire/net/result.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using namespace std::chrono_literals;

/// Takes its time to end when it is cancelled, and then ends with what `after` does.
template <class F>
awaitable<int> stubborn(Loop& loop, F after) {
  try {
    co_await sleep_for(loop, 24h);
  } catch (const OperationError&) {
  }
  co_await boost::asio::this_coro::reset_cancellation_state();
  co_await sleep_for(loop, 5ms);
  co_return after();
}

/// Awaits something that times out: what the error says, without the reason.
awaitable<std::string> sentence_of(awaitable<int> operation) {
  const Result<int> result = co_await as_result(std::move(operation));
  if (!result.has_error()) co_return "no error";
  CHECK(result.error().code() == errc::timed_out);
  const std::string text = result.error().what();
  co_return text.substr(0, text.rfind(':'));
}

TEMPLATE_TEST_CASE("an operation that ends in time yields its result, of any type", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const int value = co_await with_timeout(1h, value_after(loop, 1ms, 42));
    CHECK(value == 42);
    co_await with_timeout(1h, sleep_for(loop, 1ms));
    struct Odd {  // movable, but no default
      explicit Odd(int number) : value(std::make_unique<int>(number)) {}
      std::unique_ptr<int> value;
    };
    const auto odd = [&]() -> awaitable<Odd> { co_return Odd(co_await value_after(loop, 1ms, 7)); };
    const Odd result = co_await with_timeout(1h, odd());
    CHECK(*result.value == 7);
    const auto throwing = [&]() -> awaitable<int> {
      co_await sleep_for(loop, 1ms);
      throw std::out_of_range("mine");
    };
    CHECK_THROWS_AS(co_await with_timeout(1h, throwing()), std::out_of_range);
    const int other = co_await with_deadline(loop.time() + 1h, value_after(loop, 1ms, 43));
    CHECK(other == 43);
  });
  CHECK(loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("an operation that is late is cancelled, and the error names it", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const std::string first = co_await sentence_of(with_timeout(2ms, value_after(loop, 24h, 1)));
    CHECK(first == "sleep within 2 ms");
    const std::string named =
        co_await sentence_of(with_timeout(1500us, value_after(loop, 24h, 1), "a value"));
    CHECK(named == "a value within 1500 us");
    const std::string no_time = co_await sentence_of(with_timeout(-1s, value_after(loop, 24h, 1)));
    CHECK(no_time == "sleep within 0 s");
    // The coroutine itself was not cancelled: it can go on.
    co_await sleep_for(loop, 1ms);
  });
  CHECK(loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("the end of a late operation is awaited, and decides", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const TimePoint start = loop.time();
    const int value = co_await with_timeout(1ms, stubborn(loop, [] { return 42; }));
    CHECK(value == 42);
    CHECK(loop.time() - start >= 6ms);
    const auto fail = []() -> int { throw std::out_of_range("mine"); };
    CHECK_THROWS_AS(co_await with_timeout(1ms, stubborn(loop, fail)), std::out_of_range);
    const Result<int> caught = co_await with_timeout(1ms, as_result(value_after(loop, 24h, 1)));
    CHECK(caught.error().code() == errc::operation_canceled);
  });
}

TEMPLATE_TEST_CASE("deadlines nest, and the one that struck is named", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  const auto nested = [&](Duration outer, Duration inner) {
    return sentence_of(with_timeout(outer, with_timeout(inner, value_after(loop, 24h, 1), "inner"), "outer"));
  };
  run_until_complete(loop, [&]() -> awaitable<void> {
    const std::string outer = co_await nested(1ms, 1h);
    CHECK(outer == "outer within 1 ms");
    const std::string inner = co_await nested(1h, 1ms);
    CHECK(inner == "inner within 1 ms");
    const std::string both = co_await nested(1ms, 1ms);
    CHECK(both == "outer within 1 ms");
  });
  CHECK(loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("cancelling the whole wins over the deadline", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  error_code code;
  const Task task = spawn(
      loop,
      [&]() -> awaitable<void> {
        try {
          co_await with_timeout(1h, with_timeout(2h, value_after(loop, 24h, 1)));
        } catch (const OperationError& error) {
          code = error.code();
          throw;
        }
      },
      "worker");
  run_until_complete(loop, sleep_for(loop, 1ms));
  task.cancel();
  run_until_complete(loop, task.wait());
  CHECK(code == errc::operation_canceled);
  CHECK(loop.pending_operations(true).empty());
}

}  // namespace
}  // namespace twinwire
