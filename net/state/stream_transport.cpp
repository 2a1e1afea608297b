// The states of a stream transport are those of every transport (transport_life.hpp). The read and write
// sides are flags beside it:
//
//   read side: paused? eof_received?                     is_reading() needs: open and neither
//   write side: Eof::none -> wanted (bytes buffered) -> sent
//
// A pipe has one of the sides; the other one is at its end from the beginning. Flushing has a second half
// where the wire takes leave of its peer (TLS): leaving_. Nothing is written then.
//
// Callbacks are made from the wire's events and from scheduled calls, so never inside a method of the user's;
// pause_writing alone may be. After every callback the state may have changed: each continuation looks again.
#include <twinwire/net/operations/sendfile_operation.hpp>
#include <twinwire/net/state/server_state.hpp>
#include <twinwire/net/state/stream_transport.hpp>

#include <stdexcept>
#include <string>

namespace twinwire::detail {
namespace {

/// Reads per event before others get their turn: 256 KiB with the default buffer, as asyncio.
constexpr int reads_per_event = 4;

constexpr const char* closed_for_writing = "cannot write after write_eof()";
constexpr const char* sending_file = "cannot write while a file is being sent";
constexpr const char* made_for_reading = "cannot write to the reading end of a pipe";

WriteBufferLimits limits_over(const Wire& wire) {
  const std::size_t high = wire.default_high_water();
  return {high / 4, high};
}

bool all_empty(std::span<const Bytes> segments) noexcept {
  for (const Bytes segment : segments) {
    if (!segment.empty()) return false;
  }
  return true;
}

}  // namespace

StreamTransport::StreamTransport(Loop& loop, std::unique_ptr<Wire> wire, ServerState* server)
    : TransportLife(loop, limits_over(*wire)),
      wire_(std::move(wire)),
      layer_(wire_->is_layer()),
      server_(server) {
  if (wire_->direction() == Direction::receive) eof_ = Eof::sent;
  if (wire_->direction() == Direction::send) eof_received_ = true;
  if (server_) server_->attach(*this);
}

StreamTransport::~StreamTransport() = default;

// --- the life of a connection ---

bool StreamTransport::start(std::shared_ptr<BaseProtocol> protocol) {
  const Ref<StreamTransport> self(this);
  set_protocol(std::move(protocol));
  publish("connection_made", {});
  const bool made = call_protocol("connection_made", [&] { stream()->connection_made(Transport(self)); });
  if (!made) wire_->abort();  // nobody has ever taken charge of this connection
  if (is_sending()) wire_->set_sink(this);
  return made;
}

void StreamTransport::take_over(std::shared_ptr<BaseProtocol> protocol, bool paused_writing) {
  const Ref<StreamTransport> self(this);
  set_protocol(std::move(protocol));
  wire_->set_sink(this);
  if (paused_writing) flow_.set_paused();
}

void StreamTransport::leave_server() {
  if (const Ref<ServerState> server = std::move(server_)) server->detach(*this);
}

void StreamTransport::abort() {
  if (!is_sending()) return;
  wire_->abort();
  lose({});
}

void StreamTransport::let_go_of_protocol() noexcept {
  plain_ = nullptr;
  buffered_ = nullptr;
  leave_server();
}

WriteBufferLimits StreamTransport::default_limits() const {
  return limits_over(*wire_);
}

void StreamTransport::check_protocol(BaseProtocol* protocol) {
  if (!protocol) throw std::invalid_argument("there is no protocol: a null pointer was given");
  if (!dynamic_cast<class Protocol*>(protocol) && !dynamic_cast<BufferedProtocol*>(protocol)) {
    throw std::invalid_argument("a stream transport needs a Protocol or a BufferedProtocol");
  }
}

void StreamTransport::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  if (state_ == State::gone) return;
  check_protocol(protocol.get());
  plain_ = dynamic_cast<class Protocol*>(protocol.get());
  buffered_ = dynamic_cast<BufferedProtocol*>(protocol.get());
  replace_protocol(std::move(protocol));
}

// --- calling the protocol ---

StreamProtocol* StreamTransport::stream() const noexcept {
  return plain_ ? static_cast<StreamProtocol*>(plain_) : buffered_;
}

// --- receiving ---

void StreamTransport::on_readable() {
  readable_ = true;
  if (!wants_to_read()) return;
  const Ref<StreamTransport> self(this);
  for (int reads = 0; reads < reads_per_event; ++reads) {
    if (!read_once()) return;
  }
  read_soon();
}

/// Reads and delivers once. True if there may be more and the protocol wants it.
bool StreamTransport::read_once() {
  MutableBytes space;
  if (BufferedProtocol* const asked = buffered_) {
    const bool called = call_protocol("get_buffer", [&] {
      space = asked->get_buffer(-1);
      if (space.empty()) throw std::length_error("get_buffer returned an empty buffer");
    });
    if (!called || !wants_to_read()) return false;
    if (buffered_ != asked) return true;  // set_protocol from inside: the new one is to be asked
  } else {
    space = loop_->read_buffer();
  }
  const IoResult result = wire_->read_some(space);
  readable_ = !result.drained;
  if (result.error.failed()) {
    readable_ = false;
    if (!result.would_block()) fail(result.error);
    return false;
  }
  if (result.bytes == 0) {
    deliver_eof();
    return false;
  }
  publish("data_received", space.first(result.bytes));
  if (buffered_) {
    if (!call_protocol("buffer_updated", [&] { buffered_->buffer_updated(result.bytes); })) return false;
  } else {
    if (!call_protocol("data_received", [&] { plain_->data_received(space.first(result.bytes)); }))
      return false;
  }
  return readable_ && wants_to_read();
}

void StreamTransport::deliver_eof() {
  eof_received_ = true;
  readable_ = false;
  publish("eof_received", {});
  bool keep_open = false;
  const bool called = call_protocol("eof_received", [&] { keep_open = stream()->eof_received(); });
  if (called && (!keep_open || is_one_way() || !wire_->can_shutdown_write())) close();
  if (state_ == State::open && hung_up_) on_hang_up();
}

/// Goes on reading in the next turn, after others had theirs.
void StreamTransport::read_soon() {
  if (read_pending_) return;
  read_pending_ = true;
  loop_->call_soon([self = Ref<StreamTransport>(this)] {
    self->read_pending_ = false;
    if (self->readable_ && self->wants_to_read()) self->on_readable();
  });
}

void StreamTransport::pause_reading() {
  if (state_ != State::open || eof_received_) return;
  paused_ = true;
}

void StreamTransport::resume_reading() {
  if (state_ != State::open || eof_received_ || !paused_) return;
  paused_ = false;
  if (readable_) read_soon();
}

void StreamTransport::on_hang_up() {
  hung_up_ = true;
  if (state_ == State::flushing) {
    on_writable();
    return;
  }
  // What can still be read is read first, and ends with the error; only where nothing is read any more does
  // the news have to be acted on here.
  if (state_ == State::open && eof_received_) {
    const error_code error = wire_->take_error();
    if (error.failed()) {
      fail(error);
    } else if (is_one_way()) {
      lose(buffer_.empty() ? error_code{} : make_error(errc::broken_pipe));
    }
  }
}

// --- sending ---

/// Whether bytes are taken at all; throws for the wrong use that can be told without looking at the wire.
bool StreamTransport::accepts_writes(bool& to_buffer) const {
  if (state_ == State::gone) return false;
  if (eof_ != Eof::none) throw std::logic_error(is_one_way() ? made_for_reading : closed_for_writing);
  if (state_ == State::lost || leaving_ || (state_ == State::flushing && is_one_way())) return false;
  if (transfer_) throw std::logic_error(sending_file);
  // After close(), while earlier bytes are on their way, later ones join them.
  to_buffer = !buffer_.empty() || cork_depth_ > 0;
  return true;
}

void StreamTransport::write(Bytes data) {
  writelines({&data, 1});
}

void StreamTransport::writelines(std::span<const Bytes> segments) {
  bool to_buffer = false;
  if (!accepts_writes(to_buffer) || all_empty(segments)) return;
  if (to_buffer) {
    for (const Bytes segment : segments) buffer_.append(segment);
    check_pause();
  } else {
    send(segments);
  }
}

void StreamTransport::send(std::span<const Bytes> segments) {
  const IoResult result = wire_->write_some(segments);
  if (result.error.failed() && !result.would_block()) {
    fail(result.error);
    return;
  }
  std::size_t taken = result.bytes;
  for (const Bytes segment : segments) {
    if (taken >= segment.size()) {
      taken -= segment.size();
    } else {
      buffer_.append(segment.subspan(taken));
      taken = 0;
    }
  }
  check_pause();
}

void StreamTransport::on_writable() {
  if (!is_sending()) return;
  // With nothing to send it is news for a file that is being sent, or of a layer: what the connection below
  // held has gone out.
  if (buffer_.empty() ? !layer_ && !transfer_ : cork_depth_ > 0) return;
  const Ref<StreamTransport> self(this);
  if (!buffer_.empty()) {
    send_buffered();
  } else if (const error_code error = layer_ ? wire_->take_error() : error_code(); error.failed()) {
    fail(error);  // what the connection below held is lost
  }
  if (is_sending()) after_drain();
}

void StreamTransport::send_buffered() {
  const Bytes bytes = buffer_.front();
  const IoResult result = wire_->write_some({&bytes, 1});
  if (result.error.failed() && !result.would_block()) {
    fail(result.error);
    return;
  }
  buffer_.consume(result.bytes);
}

/// Some bytes went out: what had to wait for that?
void StreamTransport::after_drain() {
  check_resume();
  if (!buffer_.empty()) return;
  if (state_ == State::flushing) {
    take_leave();
  } else if (transfer_) {
    if (cork_depth_ == 0) transfer_->go_on();
  } else if (state_ == State::open && eof_ == Eof::wanted) {
    send_eof();
  }
}

void StreamTransport::flush() {
  wire_->begin_close();
  if (buffer_.empty()) take_leave();
}

void StreamTransport::take_leave() {
  leaving_ = true;
  if (transfer_) std::exchange(transfer_, nullptr)->connection_lost({});
  const error_code error = wire_->finish_close();
  if (!twinwire::would_block(error)) lose(error);
}

void StreamTransport::write_eof() {
  if (state_ != State::open || eof_ != Eof::none) return;
  if (wire_->direction() == Direction::send) {
    close();
    return;
  }
  if (!wire_->can_shutdown_write()) {
    throw std::logic_error("write_eof(): this kind of transport cannot end one direction alone");
  }
  eof_ = Eof::wanted;
  if (buffer_.empty() && !transfer_) send_eof();
}

void StreamTransport::send_eof() {
  eof_ = Eof::sent;
  if (const error_code error = wire_->shutdown_write(); error.failed()) fail(error);
}

bool StreamTransport::can_write_eof() const {
  return state_ != State::gone && wire_->can_shutdown_write();
}

// --- sending files ---

void StreamTransport::require_writable() const {
  bool to_buffer = false;
  static_cast<void>(accepts_writes(to_buffer));
}

void StreamTransport::end_transfer() noexcept {
  transfer_ = nullptr;
  if (state_ == State::open && buffer_.empty() && eof_ == Eof::wanted) send_eof();
}

void StreamTransport::let_go_of_buffer() noexcept {
  buffer_.clear();
  if (transfer_ && state_ == State::lost) transfer_->connection_lost(lost_error_);
  transfer_ = nullptr;
}

// --- gathering ---

void StreamTransport::cork() {
  ++cork_depth_;
}

void StreamTransport::uncork() {
  if (--cork_depth_ > 0 || !is_sending()) return;
  if (buffer_.empty()) {
    if (transfer_) go_on_soon();
    return;
  }
  // As a write would: at once, but resume_writing and connection_lost never inside this call.
  const Ref<StreamTransport> self(this);
  send_buffered();
  if (!is_sending()) return;
  if (buffer_.size() <= flow_.limits().low) go_on_soon();
}

void StreamTransport::go_on_soon() {
  loop_->call_soon([self = Ref<StreamTransport>(this)] {
    if (self->is_sending()) self->after_drain();
  });
}

}  // namespace twinwire::detail
