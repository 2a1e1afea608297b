// Ports of a host.
#pragma once

#include <twinwire/net/address.hpp>

#include <cstdint>

namespace twinwire::sim {

/// Whether sockets bound to these would get each other's packets.
inline bool overlap(const Address& a, const Address& b) noexcept {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  return a == b || a.is_unspecified() || b.is_unspecified();
}

/// Hands out ports to those who do not ask for one, in turn.
class EphemeralPorts {
 public:
  /// One that is not `taken`; 0 if all are.
  template <class Taken>
  std::uint16_t next(Taken taken) {
    for (int tries = 0; tries <= last - first; ++tries) {
      const std::uint16_t port = next_;
      next_ = port == last ? first : static_cast<std::uint16_t>(port + 1);
      if (!taken(port)) return port;
    }
    return 0;
  }

 private:
  /// As net.ipv4.ip_local_port_range.
  static constexpr std::uint16_t first = 32768;
  static constexpr std::uint16_t last = 60999;

  std::uint16_t next_ = first;
};

}  // namespace twinwire::sim
