// How a simulation reports that something is wrong.
#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twinwire::sim {

/// What kind of thing went wrong.
enum class FailureKind : std::uint8_t {
  exception,  ///< a callback threw, and nobody handled it
  deadlock,   ///< nothing can happen any more, and something is still waited for
  livelock,   ///< virtual time stands still, and events go on
  limit,      ///< a limit of the world was reached
  fence,      ///< simulated code reached for the real system, see sim/fence/
};

/// "exception", "deadlock" ...
std::string_view to_string(FailureKind kind) noexcept;

/// A run that cannot go on, or should not. Thrown by World's run functions.
class SimulationError : public std::runtime_error {
 public:
  SimulationError(FailureKind kind, std::string host, std::string event, const std::string& message,
                  std::exception_ptr cause = nullptr);

  FailureKind kind() const noexcept { return kind_; }
  /// The host on which the last event happened, or that is to blame.
  const std::string& host() const noexcept { return host_; }
  /// What happened there last: "segment", "callback" ...
  const std::string& event() const noexcept { return event_; }
  /// What it was, without host and event.
  const std::string& message() const noexcept { return message_; }
  /// The exception that was not handled, if it was one.
  const std::exception_ptr& cause() const noexcept { return cause_; }

 private:
  FailureKind kind_;
  std::string host_;
  std::string event_;
  std::string message_;
  std::exception_ptr cause_;
};

}  // namespace twinwire::sim
