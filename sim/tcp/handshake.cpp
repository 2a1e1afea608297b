#include <twinwire/sim/host.hpp>
#include <twinwire/sim/tcp/handshake.hpp>
#include <twinwire/sim/tcp/tcp_acceptor.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/world.hpp>

namespace twinwire::sim {
namespace {

constexpr Purpose syn_jitter{"syn-jitter",
                             "{entity}: SYN number {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose syn_loss{"syn-loss", "{entity}: SYN number {ordinal} was lost"};
constexpr Purpose answer_jitter{"syn-ack-jitter",
                                "{entity}: SYN-ACK number {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose answer_loss{"syn-ack-loss", "{entity}: SYN-ACK number {ordinal} was lost"};
constexpr Purpose ack_jitter{"ack-jitter",
                             "{entity}: the ACK of the handshake came {outcome}/63 of the jitter later"};

/// RFC 6298; doubled for each try.
constexpr Duration syn_timeout = std::chrono::seconds(1);
/// As net.ipv4.tcp_syn_retries: ETIMEDOUT after 127 s.
constexpr int syn_retries = 6;

}  // namespace

Handshake::Handshake(TcpConnection& connection) : connection_(connection) {
  name_sites();
  send_syn();
}

Handshake::Handshake(TcpConnection& connection, TcpAcceptor& listener)
    : connection_(connection), listener_(&listener) {
  name_sites();
  listener.reserve(*this);
  after(connection.link(0).delay(connection.world().choices(), syn_sites_.jitter, 0), Phase::syn_ack);
}

void Handshake::name_sites() {
  Choices& choices = connection_.world().choices();
  const std::string& name = connection_.name();
  syn_sites_ = {choices.site(name, syn_jitter), choices.site(name, syn_loss)};
  answer_sites_ = {choices.site(name, answer_jitter), choices.site(name, answer_loss)};
  ack_jitter_ = choices.site(name, ack_jitter);
}

Handshake::~Handshake() {
  if (listener_) listener_->forget(*this);
}

void Handshake::after(Duration delay, Phase phase) {
  phase_ = phase;
  World& world = connection_.world();
  world.schedule(event_, saturating_add(world.time(), delay));
}

/// The timer runs from the SYN, not from when something went wrong with it.
void Handshake::retry_later() {
  phase_ = Phase::retry;
  connection_.world().schedule(event_, sent_ + syn_timeout * (std::int64_t{1} << attempt_));
}

void Handshake::send_syn() {
  World& world = connection_.world();
  sent_ = world.time();
  Host& client = connection_.host(0);
  Host* server = world.host_at(connection_.address(1), client);
  const auto ordinal = static_cast<std::uint64_t>(attempt_);
  if (server) {
    const Link& there = world.link(client, *server);
    if (!there.loses(world.choices(), syn_sites_.loss, ordinal)) {
      after(there.delay(world.choices(), syn_sites_.jitter, ordinal), Phase::syn);
      return;
    }
  }
  world.publish(client, "syn lost", connection_.name(), ordinal);
  retry_later();
}

void Handshake::next() {
  const detail::Ref<TcpConnection> keep(&connection_);
  World& world = connection_.world();
  world.fingerprint_state().add(connection_.id(), static_cast<std::uint64_t>(phase_) + 16);
  switch (phase_) {
    case Phase::syn:
      syn_arrived();
      break;
    case Phase::syn_ack:
      syn_ack_arrived();
      break;
    case Phase::ack:
      ack_arrived();
      break;
    case Phase::refused:
      world.set_current(connection_.host(0), "refused");
      world.publish(connection_.host(0), "refused", connection_.name(), 0);
      connection_.connect_failed(make_error(errc::connection_refused));
      break;
    case Phase::retry:
      if (++attempt_ > syn_retries) {
        world.set_current(connection_.host(0), "connect timeout");
        connection_.connect_failed(make_error(errc::timed_out));
      } else {
        send_syn();
      }
      break;
  }
}

void Handshake::syn_arrived() {
  World& world = connection_.world();
  Host& client = connection_.host(0);
  Host* server = world.host_at(connection_.address(1), client);
  const auto ordinal = static_cast<std::uint64_t>(attempt_);
  if (!server) {
    retry_later();
    return;
  }
  world.set_current(*server, "syn");
  world.publish(*server, "syn", connection_.name(), ordinal);
  const Link& back = world.link(*server, client);
  TcpAcceptor* listener = server->listener_for(connection_.address(1), connection_.name());
  if (listener && !listener->reserve(*this)) {
    world.publish(*server, "backlog full", connection_.name(), ordinal);
    retry_later();
    return;
  }
  listener_ = listener;
  if (back.loses(world.choices(), answer_sites_.loss, ordinal)) {
    if (listener_) std::exchange(listener_, nullptr)->forget(*this);
    retry_later();
    return;
  }
  const Duration delay = back.delay(world.choices(), answer_sites_.jitter, ordinal);
  if (!listener_) {
    after(delay, Phase::refused);
    return;
  }
  connection_.server_found(*server);
  after(delay, Phase::syn_ack);
}

void Handshake::syn_ack_arrived() {
  World& world = connection_.world();
  world.set_current(connection_.host(0), "connected");
  world.publish(connection_.host(0), "connected", connection_.name(), 0);
  const Duration delay = connection_.link(0).delay(world.choices(), ack_jitter_, 0);
  after(delay, Phase::ack);
  // What the client sends comes behind its ACK.
  connection_.outgoing(0).hold_until(world.time() + delay);
  connection_.client_established();
}

void Handshake::ack_arrived() {
  World& world = connection_.world();
  if (!listener_) {
    connection_.refuse_established();
    return;
  }
  world.set_current(connection_.host(1), "accepted");
  world.publish(connection_.host(1), "accept", connection_.name(), 0);
  std::exchange(listener_, nullptr)->enqueue(*this, connection_);
}

}  // namespace twinwire::sim
