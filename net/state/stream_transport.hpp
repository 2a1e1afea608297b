// The transport state machine: everything a user can observe about a stream, written once for every wire.
#pragma once

#include <twinwire/net/events/list.hpp>
#include <twinwire/net/state/transport_life.hpp>
#include <twinwire/net/state/write_buffer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace twinwire::detail {

struct AcceptedTag;
class SendfileOperation;

/// See the table at the top of stream_transport.cpp.
class StreamTransport final : public TransportLife<TransportState>,
                              public WireSink,
                              public ListLink<AcceptedTag> {
 public:
  /// Joins `loop`; `server` is told when the connection is lost, if there is one.
  StreamTransport(Loop& loop, std::unique_ptr<Wire> wire, ServerState* server = nullptr);
  ~StreamTransport() override;

  /// Throws std::invalid_argument for what cannot be the protocol of a stream.
  static void check_protocol(BaseProtocol* protocol);
  /// Makes the protocol's connection_made call and begins to read. False if that call failed: the failure
  /// was reported and connection_lost(callback_failure) is on its way.
  bool start(std::shared_ptr<BaseProtocol> protocol);
  /// Goes on with a protocol that had its connection_made from another transport, which ends here. A
  /// pause_writing that it was given there is followed by its resume_writing. Only from a callback.
  void take_over(std::shared_ptr<BaseProtocol> protocol, bool paused_writing);

  // --- for a layer that takes this connection as its own ---

  /// Its wire; null when the loop is gone.
  Wire* wire() const noexcept { return wire_.get(); }
  /// Its loop; null when that is gone.
  Loop* loop() const noexcept { return loop_; }
  /// True while bytes can go both ways.
  bool is_duplex() const noexcept {
    return state_ == State::open && eof_ == Eof::none && !eof_received_ && !hung_up_ && !transfer_;
  }
  /// The wire has told that the connection is gone; what came before may still wait to be read.
  bool has_hung_up() const noexcept { return hung_up_; }
  bool is_writing_paused() const noexcept { return flow_.paused(); }
  ServerState* server() const noexcept { return server_.get(); }
  /// Its server counts it no longer: another transport stands for this connection.
  void leave_server();

  void write(Bytes data) override;
  void writelines(std::span<const Bytes> segments) override;
  void write_eof() override;
  bool can_write_eof() const override;
  void cork() override;
  void uncork() override;
  void abort() override;
  void pause_reading() override;
  void resume_reading() override;
  /// From now on a wire of a transport above, which has taken the protocol's place.
  void carry_layer() noexcept { carries_layer_ = true; }
  bool carries_layer() const noexcept { return carries_layer_; }
  bool is_closing() const override { return state_ != State::open || (layer_ && wire_->is_closing()); }
  bool is_reading() const override { return wants_to_read() && !is_closing(); }
  std::size_t write_buffer_size() const override {
    return layer_ && is_sending() ? buffer_.size() + wire_->held() : buffer_.size();
  }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;

  /// Looks, in a later turn, what the protocol or a transfer waits for.
  void go_on_soon();

  // --- for sendfile ---
  /// Throws std::logic_error if nothing can be written now.
  void require_writable() const;
  /// From now on only the transfer writes, which is told whenever there is nothing to send.
  void begin_transfer(SendfileOperation& transfer) noexcept { transfer_ = &transfer; }
  void end_transfer() noexcept;
  /// A write of the transfer's.
  void send_piece(Bytes data) { send({&data, 1}); }

 private:
  enum class Eof : std::uint8_t { none, wanted, sent };

  void on_readable() override;
  void on_writable() override;
  void on_hang_up() override;

  Socket* socket() const noexcept override { return wire_.get(); }
  void let_go_of_buffer() noexcept override;
  void let_go_of_socket() noexcept override { wire_.reset(); }
  void let_go_of_protocol() noexcept override;
  WriteBufferLimits default_limits() const override;
  void flush() override;
  bool is_leaving() const noexcept override { return leaving_; }

  bool wants_to_read() const noexcept { return state_ == State::open && !paused_ && !eof_received_; }
  bool accepts_writes(bool& to_buffer) const;
  void send(std::span<const Bytes> segments);
  void send_buffered();
  void after_drain();
  void take_leave();
  void send_eof();
  bool read_once();
  void deliver_eof();
  void read_soon();
  StreamProtocol* stream() const noexcept;

  /// Of a pipe, whose end is the end of its one direction.
  bool is_one_way() const { return wire_->direction() != Direction::both; }

  // In the order of use: what every message touches lies together.
  std::unique_ptr<Wire> wire_;
  /// The protocol, seen as the one or the other kind of receiver.
  class Protocol* plain_ = nullptr;
  BufferedProtocol* buffered_ = nullptr;
  Eof eof_ = Eof::none;
  bool paused_ = false;
  bool eof_received_ = false;  ///< or there is nothing to receive from
  bool readable_ = false;      ///< the wire has told of something that was not read yet
  bool hung_up_ = false;       ///< the wire has told that the connection is gone
  bool read_pending_ = false;  ///< a call to go on reading is scheduled
  bool leaving_ = false;       ///< all is written, and the wire takes leave of the peer
  const bool layer_;           ///< of the wire: see Wire::is_layer
  bool carries_layer_ = false;
  int cork_depth_ = 0;
  SendfileOperation* transfer_ = nullptr;  ///< which sends a file through this
  WriteBuffer buffer_;
  Ref<ServerState> server_;
};

}  // namespace twinwire::detail
