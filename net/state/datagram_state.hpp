// The datagram state machine: everything a user can observe about a socket for datagrams, on every wire.
#pragma once

#include <twinwire/net/datagram.hpp>
#include <twinwire/net/state/datagram_queue.hpp>
#include <twinwire/net/state/transport_life.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>

#include <memory>
#include <optional>

namespace twinwire::detail {

/// Its states are those in transport_life.hpp. Nothing that a datagram meets ends it.
class DatagramState final : public TransportLife<BaseTransportState>, public WireSink {
 public:
  /// Joins `loop`.
  DatagramState(Loop& loop, std::unique_ptr<DatagramWire> wire);
  ~DatagramState() override;

  /// Throws std::invalid_argument for what cannot be the protocol of a datagram transport.
  static void check_protocol(BaseProtocol* protocol);
  /// Makes the protocol's connection_made call and begins to receive. False if that call failed: the failure
  /// was reported and connection_lost(callback_failure) is on its way.
  bool start(std::shared_ptr<DatagramProtocol> protocol);

  void sendto(Bytes data, const std::optional<Address>& receiver);
  void abort() override;
  std::size_t write_buffer_size() const override { return queue_.size(); }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;

 private:
  void on_readable() override;
  void on_writable() override;
  void on_hang_up() override {}

  Socket* socket() const noexcept override { return wire_.get(); }
  void let_go_of_buffer() noexcept override { queue_.clear(); }
  void let_go_of_socket() noexcept override { wire_.reset(); }
  void let_go_of_protocol() noexcept override { receiver_ = nullptr; }

  bool receive_once();
  void read_soon();
  void enqueue(Bytes data, const std::optional<Address>& receiver);
  void send_queued();
  void after_drain();
  void deliver_error(error_code error);
  void deliver_error_soon(error_code error);

  std::unique_ptr<DatagramWire> wire_;
  DatagramProtocol* receiver_ = nullptr;  ///< the protocol, as what it is
  DatagramQueue queue_;
  bool connected_;
  bool gathering_ = false;     ///< datagrams are being delivered: answers go out together, behind them
  bool read_pending_ = false;  ///< a call to go on receiving is scheduled
};

}  // namespace twinwire::detail
