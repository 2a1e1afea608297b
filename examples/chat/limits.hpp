// What one member may cost the others.
#pragma once

#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstddef>

namespace chat {

struct Limits {
  /// Connections at once, with those that have not said their name; but without those that shake hands for
  /// TLS, whose time is in main_server.cpp, and those that are dismissed, whose time is farewell_time_max.
  std::size_t members_max = 100;
  /// Bytes in front of the LF.
  std::size_t line_length_max = 512;
  std::size_t name_length_max = 16;
  /// For saying a name.
  twinwire::Duration name_time_max = std::chrono::seconds(30);
  /// A member for whom more than this waits is behind, and nobody may talk until it has caught up.
  std::size_t behind_bytes = 64UL * 1024;
  /// Who is behind for longer is dismissed.
  twinwire::Duration behind_time_max = std::chrono::seconds(2);
  /// For taking the last words. Then the connection is reset.
  twinwire::Duration farewell_time_max = std::chrono::seconds(5);
};

}  // namespace chat
