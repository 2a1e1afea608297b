// Which values an option of a socket can have.
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>
#include <limits>

namespace twinwire::detail {

/// invalid_argument for values that no system takes; the same on all backends, whatever the socket is.
inline error_code check_option(Option option, std::int64_t value) noexcept {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
  switch (option) {
    case Option::linger_s:
      least = -1;
      break;
    case Option::keep_alive_idle_s:
    case Option::keep_alive_interval_s:
      least = 1;
      most = 32'767;
      break;
    case Option::keep_alive_count:
      least = 1;
      most = 127;
      break;
    default:
      break;
  }
  return value < least || value > most ? make_error(errc::invalid_argument) : error_code{};
}

}  // namespace twinwire::detail
