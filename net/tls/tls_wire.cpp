// The phases of a secure connection, as its wire sees them:
//
//   phase       meaning                              leaves by
//   ----------  ----------------------------------- ---------------------------------------------------------
//   handshake   nothing can be read or written yet   finished -> open; failure, timeout, end, loss -> left
//   open        in use                               finish_close() -> leaving; below is lost -> left
//   leaving     our farewell is sent, the peer's     it came, or the end: below is closed; below is lost,
//               is waited for, the rest thrown away  or timeout -> left
//   left        nothing more happens
//
// Ciphertext is decrypted only when it is asked for, so a reader that pauses holds everything back, the
// peer's farewell too. A record is encrypted only when the connection below holds nothing, so what waits does
// so as plaintext, above.
#include <twinwire/net/tls/openssl_error.hpp>
#include <twinwire/net/tls/record_pieces.hpp>
#include <twinwire/net/tls/tls_wire.hpp>

#include <utility>

namespace twinwire::detail {
namespace {

/// What the connection below may hold: some records.
constexpr std::size_t held_max = 4 * TlsSession::record_size;

/// Where ciphertext is received into. It is used up, or copied away, before the call that received it
/// returns: so all connections of a thread share it, and an idle one has no buffer.
struct ReceiveSpace {
  static constexpr std::size_t size = std::size_t{64} * 1024;
  std::unique_ptr<std::byte[]> bytes{new std::byte[size]};
  bool in_use = false;
};

ReceiveSpace& receive_space() {
  thread_local ReceiveSpace space;
  return space;
}

std::string peer_of(const TlsEnd& end, const StreamTransport& lower) {
  const auto remote = lower.wire()->remote_address();
  return end.server_hostname + ' ' + (remote ? remote->to_string() : std::string());
}

}  // namespace

/// The protocol of the connection below. It may outlive the wire, and then does nothing.
class TlsWire::Below final : public BufferedProtocol {
 public:
  explicit Below(TlsWire& above) : wire(&above) {}

  MutableBytes get_buffer(std::ptrdiff_t /*size_hint*/) override {
    ReceiveSpace& shared = receive_space();
    if (!shared.in_use) return {shared.bytes.get(), ReceiveSpace::size};
    // Somebody further down the stack has received into it: TLS over TLS.
    own_.resize(TlsSession::record_size);
    return own_;
  }

  void buffer_updated(std::size_t size) override {
    if (!wire) return;
    ReceiveSpace& shared = receive_space();
    const bool uses_shared = !shared.in_use;
    struct Use {
      bool& flag;
      const bool before = std::exchange(flag, true);
      ~Use() { flag = before; }
    } const use{shared.in_use};
    wire->received(uses_shared ? Bytes(shared.bytes.get(), size) : Bytes(own_).first(size));
    if (wire) wire->keep_rest();
  }

  /// Our own direction may still have something to say.
  bool eof_received() override {
    if (wire) wire->below_ended();
    return true;
  }
  void connection_lost(error_code error) override {
    if (wire) wire->below_lost(error);
  }
  void pause_writing() override {
    if (wire) wire->blocked_ = true;
  }
  void resume_writing() override {
    if (wire) wire->below_drained();
  }

  TlsWire* wire;

 private:
  std::vector<std::byte> own_;
};

TlsWire::TlsWire(std::shared_ptr<const TlsContext> context, std::shared_ptr<TlsRealised> realised,
                 std::string entity, Ref<StreamTransport> lower, const TlsEnd& end)
    : context_(std::move(context)),
      loop_(*lower->loop()),
      lower_(std::move(lower)),
      below_(std::make_shared<Below>(*this)),
      shutdown_timeout_(end.shutdown_timeout),
      session_(std::move(realised), end, peer_of(end, *lower_), entity, *this) {
  lower_->carry_layer();
  if (lower_->protocol()) {
    lower_->set_protocol(below_);
    lower_->resume_reading();
  } else {
    lower_->start(below_);
  }
  // Not before: the protocol above is not to be paused by it.
  lower_->set_write_buffer_limits(0, 0);
  blocked_ = lower_->is_writing_paused() || lower_->write_buffer_size() != 0;
  start_timer(end.handshake_timeout, &TlsWire::handshake_expired);
  handshake();
}

TlsWire::~TlsWire() {
  below_->wire = nullptr;
  close();
}

// --- what happens below ---

/// This wire may be gone afterwards.
void TlsWire::received(Bytes ciphertext) {
  if (session_.input.empty()) {
    session_.input = ciphertext;
  } else {
    // Whoever kept the transport below has made it read on.
    std::vector<std::byte> all(session_.input.begin(), session_.input.end());
    all.insert(all.end(), ciphertext.begin(), ciphertext.end());
    rest_ = std::move(all);
    session_.input = rest_;
  }
  if (phase_ == Phase::handshake) {
    handshake();
    if (phase_ != Phase::handshake && sink_) sink_->on_writable();
  } else if (phase_ == Phase::leaving || discarding_) {
    drain();
  } else if (phase_ == Phase::open && sink_) {
    sink_->on_readable();
  }
}

/// What nobody has asked for yet is kept, and no more is received.
void TlsWire::keep_rest() {
  if (session_.input.empty() || closed_) return;
  if (rest_.empty()) {
    rest_.assign(session_.input.begin(), session_.input.end());
    session_.input = rest_;
  }
  lower_->pause_reading();
}

/// Some of the rest was used. With none left, more is received.
void TlsWire::use_up_rest() {
  if (rest_.empty() || !session_.input.empty()) return;
  rest_ = {};
  lower_->resume_reading();
}

void TlsWire::below_ended() {
  below_ended_ = true;
  if (phase_ == Phase::handshake) {
    end_handshake(make_error(errc::connection_reset));
    if (sink_) sink_->on_writable();
  } else if (phase_ == Phase::leaving) {
    leave_below();
  } else if (phase_ == Phase::open && sink_) {
    sink_->on_readable();
  }
}

void TlsWire::below_lost(error_code error) {
  // It was cut off on this side: by us, or by whoever kept the transport below.
  const bool cut_off = phase_ != Phase::leaving || blocked_;
  if (cut_off && !error.failed()) error = make_error(errc::connection_aborted);
  lost_ = true;
  lost_error_ = error;
  if (phase_ == Phase::handshake) {
    end_handshake(error);
  } else {
    // What was handed over went its way, as behind the close of any socket; not so what was still held.
    if (blocked_ && !outcome_.failed()) outcome_ = error;
    if (phase_ == Phase::leaving) {
      timer_.cancel();
      phase_ = Phase::left;
    }
  }
  announce(below_);
}

void TlsWire::below_drained() {
  blocked_ = false;
  if (phase_ == Phase::leaving) wait_for_farewell();
  if (phase_ != Phase::handshake && sink_) sink_->on_writable();
}

bool TlsWire::has_news() const noexcept {
  if (phase_ == Phase::left) return true;
  return phase_ == Phase::open && (!session_.input.empty() || below_ended_ || lost_);
}

/// Tells all that may be of interest. Each call may destroy the wire, or take its sink away.
void TlsWire::announce(const std::shared_ptr<Below>& below) {
  const std::shared_ptr<Below> keep = below;
  for (const auto event : {&WireSink::on_readable, &WireSink::on_writable, &WireSink::on_hang_up}) {
    if (event == &WireSink::on_hang_up && keep->wire && !keep->wire->lost_) return;
    if (keep->wire && keep->wire->sink_) (keep->wire->sink_->*event)();
  }
}

void TlsWire::set_sink(WireSink* sink) {
  sink_ = sink;
  if (sink_ && has_news()) loop_.call_soon([below = below_] { announce(below); });
}

// --- the handshake ---

void TlsWire::handshake() {
  const error_code error = session_.handshake();
  if (!would_block(error)) end_handshake(error);
}

void TlsWire::end_handshake(error_code error) {
  timer_.cancel();
  outcome_ = error;
  phase_ = error.failed() ? Phase::left : Phase::open;
}

error_code TlsWire::finish_connect() {
  if (phase_ == Phase::handshake) return make_error(errc::operation_would_block);
  return std::exchange(outcome_, {});
}

void TlsWire::handshake_expired() {
  end_handshake(make_error(errc::connection_aborted));
  lower_->abort();
  if (sink_) sink_->on_writable();
}

void TlsWire::start_timer(Duration timeout, void (TlsWire::*expired)()) {
  timer_ = loop_.call_later(timeout, [below = below_, expired] {
    if (below->wire) (below->wire->*expired)();
  });
}

// --- bytes ---

void TlsWire::send(Bytes bytes) noexcept {
  try {
    lower_->write(bytes);
    // Once what was plain is gone we write only when it holds nothing. The rest are answers that a peer asks
    // for, and does not read.
    if (phase_ != Phase::handshake && lower_->write_buffer_size() > held_max) lower_->abort();
  } catch (...) {
    // Whoever kept the transport below has ended its direction.
    lower_->abort();
  }
}

IoResult TlsWire::read_some(MutableBytes buffer) {
  IoResult result = session_.read(buffer);
  use_up_rest();
  if (result.drained && (below_ended_ || lost_)) result.drained = false;
  if (!result.would_block() || !(below_ended_ || lost_)) return result;
  return {0, lost_error_.failed() ? lost_error_ : truncation(), true};
}

IoResult TlsWire::write_some(std::span<const Bytes> buffers) {
  IoResult result;
  RecordPieces pieces(buffers);
  while (!blocked_ && !pieces.empty()) {
    const Bytes piece = pieces.next();
    if (const error_code error = session_.write(piece); error.failed()) return {result.bytes, error};
    result.bytes += piece.size();
  }
  // It may have been lost long ago, or just now, by one of these.
  if (const auto loss = lower_->loss()) {
    return {result.bytes, loss->failed() ? *loss : make_error(errc::broken_pipe)};
  }
  if (result.bytes == 0) result.error = make_error(errc::operation_would_block);
  return result;
}

// --- the end ---

void TlsWire::begin_close() {
  discarding_ = true;
  if (phase_ == Phase::open) drain();
}

error_code TlsWire::finish_close() {
  if (phase_ == Phase::open && lost_) phase_ = Phase::left;
  if (phase_ == Phase::open) {
    phase_ = Phase::leaving;
    session_.take_leave();
    if (!blocked_) wait_for_farewell();
    if (below_ended_) {
      leave_below();
    } else {
      drain();
    }
  }
  return phase_ == Phase::leaving ? make_error(errc::operation_would_block) : outcome_;
}

/// Throws away what has arrived, up to the peer's farewell.
void TlsWire::drain() {
  IoResult result;
  do {
    result = session_.read(record_space());
  } while (result.bytes != 0);
  use_up_rest();
  if (phase_ == Phase::leaving && !result.would_block()) leave_below();
}

/// Both have taken leave, or the peer is not going to. Its farewell is not owed where ours has come first.
void TlsWire::leave_below() {
  lower_->close();
}

/// Everything has been taken: from now on it is up to the peer, who gets no more time by asking for answers.
void TlsWire::wait_for_farewell() {
  if (!std::exchange(awaits_farewell_, true)) start_timer(shutdown_timeout_, &TlsWire::leaving_expired);
}

void TlsWire::leaving_expired() {
  outcome_ = make_error(errc::timed_out);
  lower_->abort();
}

void TlsWire::close() {
  if (closed_) return;
  closed_ = true;
  sink_ = nullptr;
  timer_.cancel();
  // Without a farewell there is nothing to wait for: what the connection below holds is cut off anyway.
  if (lower_->write_buffer_size() == 0) {
    lower_->close();
  } else {
    lower_->abort();
  }
}

void TlsWire::abort() {
  if (closed_) return;
  closed_ = true;
  sink_ = nullptr;
  timer_.cancel();
  lower_->abort();
}

// --- about it ---

std::optional<Address> TlsWire::local_address() const {
  return lower_->wire() ? lower_->wire()->local_address() : std::nullopt;
}

std::optional<Address> TlsWire::remote_address() const {
  return lower_->wire() ? lower_->wire()->remote_address() : std::nullopt;
}

NativeHandle TlsWire::native_handle() const {
  return lower_->wire() ? lower_->wire()->native_handle() : NativeHandle{};
}

error_code TlsWire::set_option(Option option, std::int64_t value) {
  return lower_->wire() ? lower_->wire()->set_option(option, value) : make_error(errc::bad_file_descriptor);
}

std::variant<std::int64_t, error_code> TlsWire::get_option(Option option) const {
  if (!lower_->wire()) return make_error(errc::bad_file_descriptor);
  return lower_->wire()->get_option(option);
}

ExtraInfo TlsWire::extra_info(std::string_view name) const {
  if (name == "sslcontext") return context_;
  const std::shared_ptr<const TlsInfo> info = session_.info();
  if (!info) return {};
  if (name == "ssl_object") return info;
  if (name == "cipher") return info->cipher;
  if (name == "version") return info->version;
  if (name == "alpn" && !info->alpn.empty()) return info->alpn;
  if (name == "peercert" && info->peer_certificate) return info->peer_certificate;
  return {};
}

}  // namespace twinwire::detail
