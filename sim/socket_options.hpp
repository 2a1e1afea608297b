// What the options of all simulated sockets have in common.
#pragma once

#include <twinwire/net/wire/option_range.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <algorithm>
#include <cstdint>

namespace twinwire::sim {

/// Options of TCP, which other sockets do not have.
inline bool is_for_tcp(Option option) noexcept {
  return option == Option::no_delay || option == Option::user_timeout_ms ||
         option == Option::keep_alive_idle_s || option == Option::keep_alive_interval_s ||
         option == Option::keep_alive_count;
}

/// The size of a buffer that was asked to have this many bytes, within the limits of Linux on x86-64: half of
/// SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF, and net.core.wmem_max and rmem_max as they are since 6.18.
inline std::uint32_t buffer_size(Option option, std::int64_t value) noexcept {
  const std::int64_t size_min = option == Option::send_buffer_size ? 2304 : 1152;
  constexpr std::int64_t size_max = std::int64_t{4} * 1024 * 1024;
  return static_cast<std::uint32_t>(std::clamp(value, size_min, size_max));
}

}  // namespace twinwire::sim
