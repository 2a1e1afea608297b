#include <twinwire/net/wire/file_source.hpp>
#include <twinwire/sim/files/open_file.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/socket_options.hpp>
#include <twinwire/sim/tcp/peer_watch.hpp>
#include <twinwire/sim/tcp/tcp_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace twinwire::sim {
namespace {

/// What goes from a file into a socket at once.
constexpr std::size_t file_piece = std::size_t{64} * 1024;

}  // namespace

TcpWire::TcpWire(detail::Ref<TcpConnection> connection, int side, NativeHandle handle)
    : connection_(std::move(connection)), handle_(handle), side_(side) {
  connection_->set_wire(side_, this);
}

TcpWire::~TcpWire() {
  close();
}

// --- events ---

void TcpWire::tell_readable() {
  if (sink_) sink_->on_readable();
}

void TcpWire::tell_writable() {
  if (sink_) sink_->on_writable();
}

void TcpWire::tell_hang_up() {
  // Any of these may destroy this wire; while it lives, the connection points to it.
  TcpConnection& connection = *connection_;
  const detail::Ref<TcpConnection> keep(&connection);
  const int side = side_;
  const auto alive = [&] { return connection.wire(side) == this && sink_ != nullptr; };
  if (alive()) sink_->on_readable();
  if (alive()) sink_->on_writable();
  if (alive()) sink_->on_hang_up();
}

bool TcpWire::has_news() const {
  if (!connection_->established()) return connection_->connect_result() != errc::operation_would_block;
  return connection_->incoming(side_).readable() > 0 || connection_->incoming(side_).fin_arrived() ||
         connection_->is_dead(side_) || connection_->hung_up(side_);
}

void TcpWire::set_sink(WireSink* sink) {
  sink_ = sink;
  // Without a sink the loop may be going away: it must not be asked for.
  connection_->incoming(side_).set_reader(this, sink, sink ? &connection_->host(side_).loop() : nullptr);
  World& world = connection_->world();
  if (sink_ && has_news()) {
    world.schedule(again_, world.time());
  } else {
    again_.cancel();
  }
}

void TcpWire::tell_again() {
  if (!sink_) return;
  connection_->world().set_current(connection_->host(side_), "ready again");
  if (connection_->is_dead(side_) || !connection_->established() || connection_->hung_up(side_)) {
    tell_hang_up();
  } else {
    tell_readable();
  }
}

// --- bytes ---

IoResult TcpWire::read_some(MutableBytes buffer) {
  if (!open_) return {0, make_error(errc::bad_file_descriptor), true};
  Flow& incoming = connection_->incoming(side_);
  if (const std::size_t count = incoming.read(buffer); count != 0) {
    const bool more = incoming.readable() > 0 || incoming.fin_arrived() || connection_->is_dead(side_);
    return {count, {}, !more};
  }
  // Linux: the end of a TCP stream that came before a reset is read before it. The error stays to be asked
  // for.
  if (incoming.fin_arrived() && !(connection_->is_unix() && connection_->is_dead(side_)))
    return {0, {}, true};
  if (connection_->is_dead(side_)) return {0, connection_->take_error(side_), true};
  return {0, make_error(errc::operation_would_block), true};
}

IoResult TcpWire::write_some(std::span<const Bytes> buffers) {
  if (!open_) return {0, make_error(errc::bad_file_descriptor), false};
  if (connection_->hung_up(side_)) return {0, make_error(errc::broken_pipe), false};
  if (connection_->is_dead(side_)) {
    const error_code error = connection_->take_error(side_);
    return {0, error.failed() ? error : make_error(errc::broken_pipe), false};
  }
  Flow& outgoing = connection_->outgoing(side_);
  if (outgoing.finished()) return {0, make_error(errc::broken_pipe), false};
  const std::size_t taken = outgoing.write(buffers);
  return {taken, taken == 0 ? make_error(errc::operation_would_block) : error_code{}, false};
}

IoResult TcpWire::send_file(FileSource& file, std::uint64_t offset, std::size_t count) {
  if (!static_cast<OpenFileSource&>(file).can_be_sent()) return Wire::send_file(file, offset, count);
  std::vector<std::byte> piece(std::min(count, file_piece));
  const IoResult read = file.read_at(offset, piece);
  if (read.error.failed() || read.bytes == 0) return read;
  const Bytes bytes(piece.data(), read.bytes);
  return write_some({&bytes, 1});
}

error_code TcpWire::shutdown_write() {
  if (!open_) return make_error(errc::bad_file_descriptor);
  if (connection_->hung_up(side_)) return {};  // nobody is there to see the end
  if (connection_->is_dead(side_)) {
    const error_code cause = connection_->take_error(side_);
    return cause.failed() ? cause : make_error(errc::not_connected);
  }
  connection_->outgoing(side_).finish();
  return {};
}

// --- the end ---

void TcpWire::close() {
  if (!open_) return;
  open_ = false;
  set_sink(nullptr);
  connection_->host(side_).close_descriptor(handle_);
  if (linger_s_ == 0 && !connection_->is_unix()) {  // of which Unix sockets make nothing
    connection_->abort(side_);
  } else {
    connection_->close(side_);
  }
}

void TcpWire::abort() {
  linger_s_ = 0;
  close();
}

NativeHandle TcpWire::release() {
  if (!open_) return {};
  open_ = false;
  set_sink(nullptr);
  connection_->set_wire(side_, nullptr);
  connection_->host(side_).descriptors().detach(handle_, DetachedSocket{connection_, side_});
  return handle_;
}

// --- options ---

error_code TcpWire::set_option(Option option, std::int64_t value) {
  if (!open_) return make_error(errc::bad_file_descriptor);
  if (const error_code error = detail::check_option(option, value); error.failed()) return error;
  if (is_for_tcp(option) && connection_->is_unix()) return make_error(errc::operation_not_supported);
  const auto number = static_cast<std::int32_t>(value);
  switch (option) {
    case Option::no_delay:
      no_delay_ = value != 0;
      break;
    case Option::linger_s:
      linger_s_ = number;
      break;
    case Option::send_buffer_size:
      connection_->outgoing(side_).set_send_buffer(buffer_size(option, value));
      break;
    case Option::receive_buffer_size:
      connection_->incoming(side_).set_receive_buffer(buffer_size(option, value));
      break;
    case Option::user_timeout_ms:
      connection_->make_watch(side_).set_user_timeout(std::chrono::milliseconds(number));
      break;
    case Option::keep_alive:
    case Option::keep_alive_idle_s:
    case Option::keep_alive_interval_s:
    case Option::keep_alive_count:
      set_keep_alive(option, number);
      break;
  }
  return {};
}

void TcpWire::set_keep_alive(Option option, std::int32_t value) {
  PeerWatch& watch = connection_->make_watch(side_);
  KeepAlive options = watch.keep_alive();
  if (option == Option::keep_alive) options.on = value != 0;
  if (option == Option::keep_alive_idle_s) options.idle = std::chrono::seconds(value);
  if (option == Option::keep_alive_interval_s) options.interval = std::chrono::seconds(value);
  if (option == Option::keep_alive_count) options.count = value;
  watch.set_keep_alive(options);
}

std::variant<std::int64_t, error_code> TcpWire::get_option(Option option) const {
  if (!open_) return make_error(errc::bad_file_descriptor);
  if (is_for_tcp(option) && connection_->is_unix()) return make_error(errc::operation_not_supported);
  const PeerWatch* const watch = connection_->watch(side_);
  const KeepAlive keep_alive = watch ? watch->keep_alive() : KeepAlive{};
  switch (option) {
    case Option::no_delay:
      return std::int64_t{no_delay_};
    case Option::keep_alive:
      return std::int64_t{keep_alive.on};
    case Option::keep_alive_idle_s:
      return std::int64_t{keep_alive.idle.count()};
    case Option::keep_alive_interval_s:
      return std::int64_t{keep_alive.interval.count()};
    case Option::keep_alive_count:
      return std::int64_t{keep_alive.count};
    case Option::user_timeout_ms:
      return watch ? watch->user_timeout() / std::chrono::milliseconds(1) : 0;
    case Option::linger_s:
      return std::int64_t{linger_s_};
    case Option::send_buffer_size:
      return std::int64_t{connection_->outgoing(side_).send_buffer()};
    case Option::receive_buffer_size:
      return std::int64_t{connection_->incoming(side_).receive_buffer()};
  }
  return make_error(errc::invalid_argument);
}

}  // namespace twinwire::sim
