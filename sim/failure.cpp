#include <twinwire/sim/failure.hpp>

namespace twinwire::sim {

std::string_view to_string(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::exception:
      return "exception";
    case FailureKind::deadlock:
      return "deadlock";
    case FailureKind::livelock:
      return "livelock";
    case FailureKind::limit:
      return "limit";
    case FailureKind::fence:
      return "fence";
  }
  return "unknown";
}

SimulationError::SimulationError(FailureKind kind, std::string host, std::string event,
                                 const std::string& message, std::exception_ptr cause)
    : runtime_error(std::string(to_string(kind)) + " on host \"" + host + "\" at event \"" + event +
                    "\": " + message),
      kind_(kind),
      host_(std::move(host)),
      event_(std::move(event)),
      message_(message),
      cause_(std::move(cause)) {}

}  // namespace twinwire::sim
