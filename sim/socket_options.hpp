// What the options of all simulated sockets have in common.
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/wire.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace twinwire::sim {

/// invalid_argument for values that no system takes.
inline error_code check_option(Option option, std::int64_t value) {
  if (value < (option == Option::linger_s ? -1 : 0) || value > std::numeric_limits<std::int32_t>::max()) {
    return make_error(errc::invalid_argument);
  }
  return {};
}

/// The size of a buffer that was asked to have this many bytes.
inline std::uint32_t buffer_size(std::int64_t value) {
  constexpr std::int64_t size_min = 1024;
  constexpr std::int64_t size_max = std::int64_t{64} * 1024 * 1024;
  return static_cast<std::uint32_t>(std::clamp(value, size_min, size_max));
}

}  // namespace twinwire::sim
