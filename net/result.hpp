// Failures as values, for those who do not want exceptions at the call.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/error.hpp>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/system/result.hpp>

namespace twinwire {

/// Why an operation failed: the error code to decide by, and all else that its exception says.
class Failure {
 public:
  /// No failure: what the error of a successful result is.
  Failure() = default;
  explicit Failure(std::exception_ptr exception)
      : code_(error_code_of(exception)), exception_(std::move(exception)) {}

  /// The code of the contract; callback_failure for what user code threw.
  const error_code& code() const noexcept { return code_; }
  /// The sentence.
  std::string what() const { return message_of(exception_); }
  const std::exception_ptr& exception() const noexcept { return exception_; }

 private:
  error_code code_;
  std::exception_ptr exception_;
};

/// Found by boost::system::result: value() of a failure throws what was caught.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  std::rethrow_exception(failure.exception());
}

/// A value, or a Failure. `if (result) use(*result); else log(result.error().what());`
template <class T>
using Result = boost::system::result<T, Failure>;

/// Awaits `operation`, and yields its failure instead of throwing it, that of being cancelled included.
///
///     Result<Stream> stream = co_await as_result(open_connection(loop, ConnectOptions("server", 80)));
template <class T>
awaitable<Result<T>> as_result(awaitable<T> operation) {
  std::exception_ptr failure;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(operation);
      co_return Result<void>();
    } else {
      co_return Result<T>(co_await std::move(operation));
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_return Result<T>(Failure(std::move(failure)));
}

}  // namespace twinwire
