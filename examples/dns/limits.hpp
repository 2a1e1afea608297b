// What connections may cost the server. Datagrams cost nothing that stays.
#pragma once

#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstddef>

namespace dns {

struct Limits {
  /// Connections at once, until nothing is left of them. One more is reset.
  std::size_t connections_max = 100;
  /// For the next message, for taking answers, and for taking what is left at the end: RFC 7766, 6.2.3 asks
  /// for a few seconds.
  twinwire::Duration idle_time_max = std::chrono::seconds(10);
};

}  // namespace dns
