// Datagrams: the protocol that a user writes, and the handle through which it sends.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace twinwire {

namespace detail {
class DatagramState;
}

/// A socket for datagrams, as its user sees it. The rest is said at BaseTransport.
///
/// asyncio's DatagramTransport: https://docs.python.org/3/library/asyncio-protocol.html#datagram-transports
class DatagramTransport : public BaseTransport {
 public:
  DatagramTransport() = default;
  explicit DatagramTransport(detail::Ref<detail::DatagramState> state) noexcept;

  /// Sends one datagram, or queues a copy if it cannot be sent at once; one that is sent while datagrams are
  /// being received may go out behind them, with others. Never blocks. Without `receiver` it goes to the
  /// remote address. What the system has against it comes as error_received. Throws std::invalid_argument for
  /// a receiver other than the remote address of a connected endpoint, and for none on one that is not
  /// connected.
  void sendto(Bytes data, const std::optional<Address>& receiver = {}) const;
  void sendto(std::string_view text, const std::optional<Address>& receiver = {}) const {
    sendto(as_bytes(text), receiver);
  }
};

/// Callbacks of a socket for datagrams. When they are made, and what becomes of exceptions, is said in
/// protocol.hpp, but for one thing: a datagram_received or error_received that throws is reported, and the
/// endpoint lives on.
///
/// https://docs.python.org/3/library/asyncio-protocol.html#datagram-protocols
class DatagramProtocol : public BaseProtocol {
 public:
  /// The socket is open. Called once, before all others. Keep the handle to send through it.
  virtual void connection_made(DatagramTransport transport) { static_cast<void>(transport); }

  /// One datagram, which may be empty. `data` is valid during the call.
  virtual void datagram_received(Bytes data, const Address& sender) = 0;

  /// A datagram could not be sent, or the system reports that an earlier one was refused (ICMP). The endpoint
  /// stays open.
  virtual void error_received(error_code error) { static_cast<void>(error); }
};

/// Makes the protocol of a new endpoint. Called once; may throw.
using DatagramProtocolFactory = UniqueFunction<std::shared_ptr<DatagramProtocol>()>;

/// What create_datagram_endpoint opens.
struct DatagramOptions {
  /// To bind: host (empty: all interfaces) and port (0 picks a free one, see sockname).
  std::optional<std::pair<std::string, Port>> local_addr;
  /// To connect: datagrams come from there and, unless said otherwise, go there.
  std::optional<std::pair<std::string, Port>> remote_addr;
  /// Needed if there is neither address; otherwise a wish.
  Family family = Family::unspecified;
  /// Others who say so too may bind the same address (SO_REUSEPORT).
  bool reuse_port = false;
  /// Datagrams may be sent to broadcast addresses (SO_BROADCAST).
  bool allow_broadcast = false;
  /// A socket for datagrams instead of addresses. It belongs to the operation from the call on, unless that
  /// throws.
  NativeHandle sock;
};

/// An endpoint that was made: the transport, and the protocol that the factory made for it.
struct DatagramEndpoint {
  DatagramTransport transport;
  std::shared_ptr<DatagramProtocol> protocol;
};

}  // namespace twinwire
