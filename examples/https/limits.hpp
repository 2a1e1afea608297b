// What one client may cost the server.
#pragma once

#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace https {

struct Limits {
  /// From when they are accepted until nothing is left of them. One more is reset.
  std::size_t connections_max = 1000;
  /// Of a request line and its fields: 431 beyond it.
  std::uint32_t header_bytes_max = 8 * 1024;
  /// Of a request's body: 413 beyond it.
  std::uint64_t body_bytes_max = 64UL * 1024;
  /// Between two requests.
  twinwire::Duration idle_time_max = std::chrono::seconds(15);
  /// From the first byte of a request to its last: 408 beyond it.
  twinwire::Duration request_time_max = std::chrono::seconds(10);
  /// For taking a response; and for taking anything of what is left when the connection is closed.
  twinwire::Duration response_time_max = std::chrono::seconds(30);
  /// What a client sends behind a refusal is thrown away, this much of it, for so long. Over TLS the shutdown
  /// timeout is the limit.
  std::uint64_t discarded_bytes_max = 4UL * 1024 * 1024;
  twinwire::Duration discard_time_max = std::chrono::seconds(5);
};

}  // namespace https
