// The narrow interface between a datagram transport and what carries its datagrams.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace twinwire {

/// One that has arrived. Its bytes are valid until the next receive_many of any wire of the loop.
struct ReceivedDatagram {
  Bytes data;
  Address sender;
};

/// One to be sent.
struct OutgoingDatagram {
  Bytes data;
  const Address* receiver = nullptr;  ///< null: the address that the wire is connected to
};

/// How a step with several datagrams ended.
struct BatchResult {
  /// So many, from the first one on, were moved.
  std::size_t count = 0;
  /// Why it was not one more: would_block, or what befell the next one, which is gone. A receive that moved
  /// some tells of an error the next time.
  error_code error;
  /// Receiving only: nothing more is waiting, so the next on_readable will tell.
  bool drained = false;
};

/// A socket for datagrams: bound, and connected or not. Its on_hang_up is never called.
class DatagramWire : public Socket {
 public:
  /// The most datagrams for one step.
  static constexpr std::size_t batch_size = 32;

  /// Receives what has arrived, at most as many as fit.
  virtual BatchResult receive_many(std::span<ReceivedDatagram> received) = 0;
  /// Sends as many of these as it can now, in order.
  virtual BatchResult send_many(std::span<const OutgoingDatagram> outgoing) = 0;
  /// Whether it has one peer for all its datagrams.
  virtual bool is_connected() const = 0;
  /// Gives the descriptor away, open, to become somebody else's; this wire is closed then.
  virtual NativeHandle release() = 0;
};

namespace detail {

/// How to open a socket for datagrams.
struct DatagramSocketOptions {
  Family family = Family::unspecified;
  std::optional<Address> local;   ///< to bind
  std::optional<Address> remote;  ///< to connect
  bool reuse_port = false;
  bool allow_broadcast = false;
};

}  // namespace detail
}  // namespace twinwire
