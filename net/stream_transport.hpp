// The transport state machine: everything a user can observe about a stream, written once for every wire.
#pragma once

#include <twinwire/net/flow_control.hpp>
#include <twinwire/net/list.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>
#include <twinwire/net/wire.hpp>
#include <twinwire/net/write_buffer.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>

namespace twinwire::detail {

struct AcceptedTag;

/// See the table at the top of stream_transport.cpp. Owned by its loop until connection_lost has returned,
/// and by the handles to it.
class StreamTransport final : public TransportState,
                              public WireSink,
                              public ListLink<TransportTag>,
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

  /// Ends the connection because of an error.
  void fail(error_code error);
  /// The loop is going away: no callback is made any more.
  void detach() noexcept;

  void write(Bytes data) override;
  void writelines(std::span<const Bytes> segments) override;
  void write_eof() override;
  bool can_write_eof() const override;
  void cork() override;
  void uncork() override;
  void close() override;
  void abort() override;
  bool is_closing() const override { return state_ != State::open; }
  void pause_reading() override;
  void resume_reading() override;
  bool is_reading() const override { return state_ == State::open && !paused_ && !eof_received_; }
  std::size_t write_buffer_size() const override { return buffer_.size(); }
  WriteBufferLimits write_buffer_limits() const override { return flow_.limits(); }
  void set_write_buffer_limits(std::optional<std::ptrdiff_t> high,
                               std::optional<std::ptrdiff_t> low) override;
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;
  std::shared_ptr<BaseProtocol> protocol() const override { return protocol_; }
  ExtraInfo extra_info(std::string_view name) const override;
  void set_option(Option option, std::int64_t value) override;
  std::int64_t get_option(Option option) const override;

 private:
  enum class State : std::uint8_t { open, flushing, lost, gone };
  enum class Eof : std::uint8_t { none, wanted, sent };

  void on_readable() override;
  void on_writable() override;
  void on_hang_up() override;

  bool accepts_writes(bool& to_buffer) const;
  void send(std::span<const Bytes> segments);
  void send_buffered();
  void after_drain();
  void send_eof();
  void check_pause();
  bool read_once();
  void deliver_eof();
  void read_soon();
  /// False from abort() on, and when the connection is gone.
  bool has_socket() const { return state_ != State::gone && wire_->native_handle(); }
  void lose(error_code error);
  void report_lost();
  void callback_failed(const char* callback);
  template <class F>
  bool call_protocol(const char* callback, F&& function);
  void publish(std::string_view what, Bytes payload, const error_code& error = {}) const {
    if (Observer* const observer = loop_->observer()) tell(*observer, what, payload, error);
  }
  void tell(Observer& observer, std::string_view what, Bytes payload, error_code error) const;

  // In the order of use: what every message touches lies together.
  Loop* loop_;
  std::unique_ptr<Wire> wire_;
  /// The protocol, seen as the one or the other kind of receiver.
  class Protocol* plain_ = nullptr;
  BufferedProtocol* buffered_ = nullptr;
  State state_ = State::open;
  Eof eof_ = Eof::none;
  bool paused_ = false;
  bool eof_received_ = false;
  bool readable_ = false;      ///< the wire has told of something that was not read yet
  bool hung_up_ = false;       ///< the wire has told that the connection is gone
  bool read_pending_ = false;  ///< a call to go on reading is scheduled
  int cork_depth_ = 0;
  WriteBuffer buffer_;
  FlowControl flow_;
  std::shared_ptr<BaseProtocol> protocol_;
  Ref<ServerState> server_;
  error_code lost_error_;
};

}  // namespace twinwire::detail
