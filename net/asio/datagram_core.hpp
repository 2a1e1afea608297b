// What lies between a datagram socket for Asio and its transport: what has arrived, or a receive that waits.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/asio/stream_core.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/datagram.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/ref.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace twinwire::detail {

/// One datagram to send: bytes of the caller's, or a copy where they were in several pieces.
struct DatagramToSend {
  Bytes data;
  std::string joined;
  std::optional<Address> receiver;

  Bytes bytes() const noexcept { return joined.empty() ? data : as_bytes(joined); }
};

/// Where a receive puts what it receives.
struct DatagramTarget {
  MutableBytes space;
  Address* sender = nullptr;  ///< null: nobody asked
};

/// A datagram goes straight to the receive that waits; without one it is copied, and waits in a queue that
/// has a limit, as the system's has. Loop thread only. It may outlive its loop.
class DatagramCore final : public RefCounted {
 public:
  /// Of all that waits, as Linux has it by default; each datagram counts `overhead` bytes besides its own.
  static constexpr std::size_t queue_bytes_max = 212'992;
  static constexpr std::size_t overhead = 64;

  explicit DatagramCore(Loop& loop) noexcept : loop_(&loop) {}

  /// Fails with what ended it, and with invalid_argument for options that create_datagram_endpoint rejects.
  Operation start_open(DatagramOptions options, IoCompletion&& done);
  Operation start_receive(const DatagramTarget& target, TransferCompletion&& done);
  Operation start_send(DatagramToSend datagram, TransferCompletion&& done);
  /// What waits fails with operation_aborted.
  void cancel();
  /// As cancel, and what was sent still goes out.
  void close();
  bool is_open() const noexcept { return !closed_; }
  const DatagramTransport& transport() const noexcept { return transport_; }
  /// Datagrams that found the queue full.
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  class Protocol;
  class Receive;
  class Send;
  struct Waiting {
    std::string data;
    Address sender;
  };

  void arrived(Bytes data, const Address& sender);
  void failed(error_code error);
  void lost();
  void resume_writing();
  void hand_over(Send& send);
  error_code take_error();

  Loop* loop_;  ///< valid while operations can be begun, which is for its user to see to
  DatagramTransport transport_;
  Receive* receive_ = nullptr;  ///< they wait, and the loop owns them
  Send* send_ = nullptr;
  Operation open_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t dropped_ = 0;
  error_code error_;  ///< for whoever asks next, as with the system's sockets
  bool closed_ = false;
  bool writing_paused_ = false;
};

}  // namespace twinwire::detail
