// What a failure is known by: two runs with the same signature failed in the same way.
#pragma once

#include <compare>
#include <exception>
#include <string>
#include <string_view>

namespace twinwire::traces {

/// Kind, host, type of exception, and the message without its numbers and quotations.
struct FailureSignature {
  std::string kind;  ///< "exception", "deadlock", "livelock", "limit", "fence", "crash", "hang"
  std::string host;  ///< where it happened; empty if on none
  std::string type;  ///< of the exception, or the name of the signal
  std::string message;

  auto operator<=>(const FailureSignature&) const = default;
  /// "exception on server (std::runtime_error): ..."
  std::string in_words() const;
  /// Whether runs that fail so end at the same event, and have the same fingerprint. A hang is ended by the
  /// clock on the wall, wherever it is then.
  bool ends_at_an_event() const noexcept { return kind != "hang"; }
};

/// That of every hang. Where it was differs from run to run, so it is a part of the message only.
FailureSignature hang_signature();

/// Numbers become '#' and what is in double quotes '*', so that addresses, offsets and excerpts of data do
/// not make two failures of one.
std::string normalised(std::string_view message);

/// The name of the exception's type, as the source has it.
std::string type_name(const std::exception_ptr& failure);

}  // namespace twinwire::traces
