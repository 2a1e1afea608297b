// The UDP of a simulated host: its sockets, and what becomes of the datagrams that they send.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/events/event.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>
#include <twinwire/sim/ports.hpp>
#include <twinwire/sim/udp/udp_flow.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace twinwire::sim {

class Host;
class Link;
class UdpSocket;

/// What a datagram costs a buffer besides its bytes.
constexpr std::size_t datagram_overhead = 64;

/// What one socket is, also while nobody uses it.
struct UdpBinding {
  Family family = Family::unspecified;
  Address local;                  ///< its port is 0 as long as it is not bound
  std::optional<Address> remote;  ///< connected to
  bool reuse_port = false;
  bool allow_broadcast = false;
};

/// Part of its host. A datagram may be lost, late, overtaken, doubled, damaged or cut, as the options of the
/// link say; where nobody takes it, a connected sender hears of that one trip later (ICMP port unreachable,
/// RFC 1122, section 4.1.3.3), and an address that no host has swallows it.
class UdpStack {
 public:
  explicit UdpStack(Host& host);
  UdpStack(const UdpStack&) = delete;
  UdpStack& operator=(const UdpStack&) = delete;
  ~UdpStack();

  std::unique_ptr<DatagramWire> open(const detail::DatagramSocketOptions& options, error_code& error);

  // --- for the sockets ---
  /// It has a port from now on.
  void join(UdpSocket& socket);
  void leave(UdpSocket& socket) noexcept;
  /// Gives an unbound socket an address from which it can send to `remote`.
  error_code bind_for(UdpBinding& binding, const Address& remote);
  /// Sends one datagram, and tells when it will have left the host.
  TimePoint send(const UdpBinding& binding, const Address& to, Bytes data);
  /// Sends one datagram with a sender's address of anybody's. See Host::send_forged.
  void forge(const Address& from, const Address& to, Bytes data);
  /// Of the whole network: 255.255.255.255, that of the addresses which a world gives, and that of loopback.
  static bool is_broadcast(const Address& address) noexcept;

 private:
  class Flight;

  bool port_taken(const Address& address, bool reuse_port) const;
  error_code bind(UdpBinding& binding, Address address);
  std::string name_of(const Address& address) const;
  UdpFlow& flow(const Address& from, const Address& to, bool forged = false);
  TimePoint send_to(Host& receiver, UdpFlow& flow, const Address& from, const Address& to, Bytes data);
  void launch(Link& link, Flight& flight, std::uint64_t copy, TimePoint departure);
  /// At the receiver's: whether anybody takes it.
  bool deliver(const Flight& flight);
  /// At the sender's: what it had sent to `remote` was refused.
  void refused(const Address& local, const Address& remote);
  const std::vector<UdpSocket*>& sockets_at(std::uint16_t port) const noexcept;
  std::vector<UdpSocket*> receivers(const Flight& flight) const;
  Flight& take_flight();

  Host& host_;
  EphemeralPorts ports_;
  std::map<std::uint16_t, std::vector<UdpSocket*>> sockets_;  ///< those that have a port, by it
  std::map<std::pair<Address, Address>, std::unique_ptr<UdpFlow>> flows_;
  std::vector<std::unique_ptr<Flight>> flights_;  ///< all there are, kept for reuse
  std::vector<Flight*> free_flights_;
};

}  // namespace twinwire::sim
