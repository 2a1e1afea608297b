// Error codes of the contract, and the exception that a failed operation carries.
#pragma once

#include <exception>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

namespace twinwire {

/// The error type of callbacks. False means "no error".
using error_code = boost::system::error_code;
/// Portable error conditions to compare with: `error == errc::connection_reset`.
namespace errc = boost::system::errc;

/// Errors of the contract itself; those of the system keep their own category.
enum class Error {
  /// A protocol callback threw; the exception went to the loop's exception handler.
  callback_failure = 1,
  /// The loop was closed while the operation was pending.
  loop_closed,
  /// The bytes ended before the read was satisfied (`IncompleteReadError`).
  incomplete_read,
  /// A separator was not found within the reader's limit (`LimitOverrunError`).
  limit_overrun,
};

/// The category of `Error`.
const boost::system::error_category& contract_category() noexcept;

inline error_code make_error_code(Error error) noexcept {
  return {static_cast<int>(error), contract_category()};
}

/// A portable code as `error_code`.
inline error_code make_error(errc::errc_t condition) noexcept {
  return errc::make_error_code(condition);
}

/// One thing an operation tried (an address, usually) and how that ended.
struct Attempt {
  std::string target;
  error_code error;
};

/// Why an asynchronous operation failed. `code()` is the error code that the contract names; `what()` is a
/// sentence that says what was tried, on what, and why it failed.
class OperationError : public boost::system::system_error {
 public:
  /// `sentence` is complete but for the reason, which is appended: "connect to 192.0.2.1:80".
  OperationError(error_code code, const std::string& sentence, std::vector<Attempt> attempts = {});

  const char* what() const noexcept override { return what_.c_str(); }
  /// What was tried, on what, without the reason.
  const std::string& sentence() const noexcept { return sentence_; }
  /// The attempts in their order; empty for operations that try one thing only.
  const std::vector<Attempt>& attempts() const noexcept { return attempts_; }

 private:
  std::string what_;
  std::string sentence_;
  std::vector<Attempt> attempts_;
};

/// The exception_ptr for an OperationError.
std::exception_ptr operation_failure(error_code code, const std::string& sentence,
                                     std::vector<Attempt> attempts = {});

/// The error code in an exception: that of a system error, callback_failure for any other exception, none
/// for null.
error_code error_code_of(const std::exception_ptr& failure) noexcept;

/// The text of an exception, for messages.
std::string message_of(const std::exception_ptr& failure);

}  // namespace twinwire

template <>
struct boost::system::is_error_code_enum<twinwire::Error> : std::true_type {};
