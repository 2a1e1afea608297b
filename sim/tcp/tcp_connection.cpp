#include <twinwire/sim/host.hpp>
#include <twinwire/sim/tcp/handshake.hpp>
#include <twinwire/sim/tcp/peer_watch.hpp>
#include <twinwire/sim/tcp/tcp_acceptor.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/tcp/tcp_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>

namespace twinwire::sim {
namespace {

std::string reversed(std::string name) {
  if (const auto at = name.find('>'); at != std::string::npos) name[at] = '<';
  return name;
}

}  // namespace

TcpConnection::TcpConnection(World& world, Host& client, const Address& client_address,
                             const Address& server_address, std::string name)
    : world_(world),
      id_(world.join(*this)),
      name_(std::move(name)),
      flows_{Flow(*this, 0, name_), Flow(*this, 1, reversed(name_))} {
  sides_[0].host = &client;
  addresses_ = {client_address, server_address};
  flows_[0].set_buffer_sizes(client.options().send_buffer_size, 0);
  handshake_ = std::make_unique<Handshake>(*this);
}

TcpConnection::TcpConnection(World& world, Host& host, TcpAcceptor& listener, std::string name)
    : world_(world),
      id_(world.join(*this)),
      unix_(true),
      name_(std::move(name)),
      flows_{Flow(*this, 0, name_), Flow(*this, 1, reversed(name_))} {
  sides_[0].host = &host;
  addresses_ = {Address::from_path(""), listener.address()};
  flows_[0].set_buffer_sizes(host.options().send_buffer_size, 0);
  for (Flow& flow : flows_) flow.set_lossless();
  server_found(host);
  handshake_ = std::make_unique<Handshake>(*this, listener);
}

TcpConnection::~TcpConnection() {
  for (Side& side : sides_) {
    if (side.watch) side.watch->stop();
  }
}

std::string TcpConnection::direction_name(int side) const {
  return side == 0 ? name_ : reversed(name_);
}

PeerWatch& TcpConnection::make_watch(int side) {
  std::unique_ptr<PeerWatch>& watch = sides_[index(side)].watch;
  if (!watch) watch = std::make_unique<PeerWatch>(*this, side);
  return *watch;
}

error_code TcpConnection::connect_result() const {
  if (connect_error_.failed()) return connect_error_;
  return established_ ? error_code{} : make_error(errc::operation_would_block);
}

error_code TcpConnection::take_error(int side) noexcept {
  return std::exchange(errors_[index(side)], {});
}

// --- handshake ---

void TcpConnection::server_found(Host& server) {
  Host& client = host(0);
  sides_[1].host = &server;
  sides_[0].outgoing = &world_.link(client, server);
  sides_[1].outgoing = &world_.link(server, client);
  flows_[0].set_links(link(0), link(1));
  flows_[1].set_links(link(1), link(0));
  flows_[0].set_buffer_sizes(flows_[0].send_buffer(), server.options().receive_buffer_size);
  flows_[1].set_buffer_sizes(server.options().send_buffer_size, client.options().receive_buffer_size);
}

void TcpConnection::client_established() {
  established_ = true;
  if (TcpWire* wire = sides_[0].wire) wire->tell_writable();
}

void TcpConnection::connect_failed(error_code error) {
  connect_error_ = error;
  if (TcpWire* wire = sides_[0].wire) wire->tell_writable();
  finish_if_over();
}

void TcpConnection::refuse_established() {
  sides_[1].closed = true;
  flows_[0].drop();
  flows_[1].reset();
}

// --- what the ends do ---

void TcpConnection::close(int side) {
  const detail::Ref<TcpConnection> keep(this);
  Side& self = sides_[index(side)];
  if (self.closed) return;
  self.closed = true;
  self.wire = nullptr;
  if (self.watch) self.watch->stop_keep_alive();
  if (side == 0) self.host->release_port(address(side));
  if (side == 0 && !established_) {
    handshake_.reset();
    connect_error_ = make_error(errc::operation_canceled);
  } else if (unix_) {
    close_unix(side);
  } else if (!self.dead) {
    const bool over = incoming(side).fin_arrived() && outgoing(side).fin_arrived();
    if (incoming(side).readable() > 0 && !over) {
      reset(side);  // RFC 9293, 3.10.4: unread data means that the peer must be told
    } else {
      outgoing(side).finish();
    }
  }
  finish_if_over();
}

/// The system has what either end wrote, wherever that is on its way here.
void TcpConnection::close_unix(int side) {
  Flow& coming = incoming(side);
  Flow& going = outgoing(side);
  if (sides_[index(1 - side)].closed || sides_[index(side)].dead) {
    coming.drop();
    return;
  }
  if (coming.readable() > 0 || coming.unsent()) {
    going.finish_with_reset();
    coming.drop();
  } else {
    going.finish();
  }
  // Told even to one who does not read, but not before what was sent.
  const TimePoint soonest = world_.time() + link(side).options.latency;
  world_.schedule(hang_up_, std::max(soonest, going.last_arrival()) + Duration(1));
}

/// One end has closed: the other one, if it is there, hears of it.
void TcpConnection::tell_hang_up() {
  const detail::Ref<TcpConnection> keep(this);
  for (const int side : {0, 1}) {
    TcpWire* const wire = sides_[index(side)].wire;
    if (!wire || !hung_up(side)) continue;
    world_.set_current(host(side), "hang-up");
    wire->tell_hang_up();
  }
  finish_if_over();
}

void TcpConnection::abort(int side) {
  const detail::Ref<TcpConnection> keep(this);
  Side& self = sides_[index(side)];
  if (self.closed) return;
  // Linux resets nothing once both directions have ended (LAST_ACK and later: tcp_need_reset).
  const bool over = !unix_ && incoming(side).fin_arrived() && outgoing(side).fin_sent();
  if (!self.dead && !over && (side == 1 || established_)) {
    reset(side);
  }
  close(side);
}

void TcpConnection::reset(int side) {
  Side& self = sides_[index(side)];
  self.dead = true;
  if (self.watch) self.watch->stop();
  outgoing(side).reset();
  incoming(side).drop();
}

// --- what the flows report ---

void TcpConnection::data_arrived(int side, std::size_t length) {
  Side& self = sides_[index(side)];
  if (self.watch) self.watch->heard();
  if (length > 0 && (self.closed || self.dead)) {
    reset(side);  // nobody is there to read it any more, and the peer is told
  } else if (self.wire) {
    self.wire->tell_readable();
  }
}

void TcpConnection::room_arrived(int side) {
  if (TcpWire* wire = sides_[index(side)].wire) wire->tell_writable();
}

void TcpConnection::reset_arrived(int side) {
  // Linux: after the peer's FIN a reset reads as a broken pipe (CLOSE_WAIT), unless this side has ended its
  // direction too (LAST_ACK).
  const bool close_wait = !unix_ && incoming(side).fin_arrived() && !outgoing(side).finished();
  die(side, make_error(close_wait ? errc::broken_pipe : errc::connection_reset));
}

void TcpConnection::timed_out(int side) {
  die(side, make_error(errc::timed_out));
}

void TcpConnection::reset_undelivered(int side) {
  incoming(side).drop();
  if (outgoing(side).unsent()) {
    timed_out(side);
  } else {
    finish_if_over();
  }
}

void TcpConnection::unreachable(int side) {
  const error_code error = make_error(errc::timed_out);
  if (link(side).options.down) {
    die(side, error);
    return;
  }
  const detail::Ref<TcpConnection> keep(this);
  errors_[index(side)] = error;
  reset(side);
  if (TcpWire* wire = sides_[index(side)].wire) wire->tell_hang_up();
  finish_if_over();
}

void TcpConnection::die(int side, error_code error) {
  const detail::Ref<TcpConnection> keep(this);
  Side& self = sides_[index(side)];
  self.dead = true;
  if (self.watch) self.watch->stop();
  errors_[index(side)] = error;
  outgoing(side).drop();
  if (TcpWire* wire = self.wire) wire->tell_hang_up();
  finish_if_over();
}

void TcpConnection::finish_if_over() {
  const bool server_gone = sides_[1].closed || !established_;
  if (!sides_[0].closed || !server_gone || !linked()) return;
  if (handshake_ && handshake_->busy()) return;
  if (flows_[0].busy() || flows_[1].busy()) return;
  leave();
  release_ref();  // the world's
}

}  // namespace twinwire::sim
