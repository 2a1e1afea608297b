// TLS as a wire: its lower side is the transport of the connection that it makes secure.
//
//     StreamTransport (the user's) --calls--> TlsWire --calls--> StreamTransport (below) --calls--> Wire
//                                  <-events--    ^    <-callbacks--
//                                                `--- TlsSession (OpenSSL)
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/tls/tls_session.hpp>
#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace twinwire::detail {

/// The table of its life is at the top of tls_wire.cpp.
class TlsWire final : public Wire, private Ciphertext {
 public:
  /// Begins the handshake. Throws as TlsContext::secure.
  TlsWire(std::shared_ptr<const TlsContext> context, std::shared_ptr<TlsRealised> realised,
          std::string entity, Ref<StreamTransport> lower, const TlsEnd& end);
  ~TlsWire() override;

  void set_sink(WireSink* sink) override;
  void close() override;
  std::optional<Address> local_address() const override;
  std::optional<Address> remote_address() const override;
  NativeHandle native_handle() const override;
  error_code set_option(Option option, std::int64_t value) override;
  std::variant<std::int64_t, error_code> get_option(Option option) const override;
  ExtraInfo extra_info(std::string_view name) const override;

  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;
  error_code finish_connect() override;
  error_code take_error() override { return lost_ ? outcome_ : error_code(); }
  error_code shutdown_write() override { return make_error(errc::operation_not_supported); }
  void abort() override;
  NativeHandle release() override { return {}; }
  bool can_shutdown_write() const override { return false; }
  void begin_close() override;
  error_code finish_close() override;
  bool is_layer() const override { return true; }
  std::size_t held() const override { return closed_ ? 0 : lower_->write_buffer_size(); }
  bool is_closing() const override { return lost_ || lower_->is_closing() || lower_->has_hung_up(); }
  std::size_t default_high_water() const override { return std::size_t{512} * 1024; }

 private:
  class Below;
  enum class Phase : std::uint8_t { handshake, open, leaving, left };

  void send(Bytes bytes) noexcept override;
  void received(Bytes ciphertext);
  void keep_rest();
  void use_up_rest();
  void drain();
  void below_ended();
  void below_lost(error_code error);
  void below_drained();
  void handshake();
  void end_handshake(error_code error);
  void leave_below();
  void wait_for_farewell();
  void start_timer(Duration timeout, void (TlsWire::*expired)());
  void handshake_expired();
  void leaving_expired();
  bool has_news() const noexcept;
  static void announce(const std::shared_ptr<Below>& below);

  std::shared_ptr<const TlsContext> context_;
  Loop& loop_;
  Ref<StreamTransport> lower_;
  std::shared_ptr<Below> below_;
  WireSink* sink_ = nullptr;
  Phase phase_ = Phase::handshake;
  bool discarding_ = false;   ///< closing has begun above: what arrives is thrown away
  bool blocked_ = false;      ///< the connection below still holds something
  bool below_ended_ = false;  ///< the end of the stream below has come
  bool lost_ = false;         ///< the connection below is gone
  bool awaits_farewell_ = false;
  bool closed_ = false;
  error_code lost_error_;
  /// How the handshake ended; later, what became of what was written, and how taking leave ended.
  error_code outcome_;
  Duration shutdown_timeout_;
  Handle timer_;
  /// Ciphertext that waits until it is asked for; the connection below rests meanwhile.
  std::vector<std::byte> rest_;
  TlsSession session_;
};

}  // namespace twinwire::detail
