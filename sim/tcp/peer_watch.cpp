#include <twinwire/sim/host.hpp>
#include <twinwire/sim/tcp/peer_watch.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>

namespace twinwire::sim {
namespace {

constexpr Purpose probe_jitter{"keep-alive-jitter",
                               "{entity}: keep-alive probe {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose probe_loss{"keep-alive-loss", "{entity}: keep-alive probe {ordinal} was lost"};
constexpr Purpose probe_answer_jitter{
    "keep-alive-answer-jitter",
    "{entity}: the answer to keep-alive probe {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose probe_answer_loss{"keep-alive-answer-loss",
                                    "{entity}: the answer to keep-alive probe {ordinal} was lost"};

/// How long a closed window is borne before it is probed, from when on the user timeout counts.
constexpr Duration window_probe_timeout = std::chrono::milliseconds(200);

}  // namespace

PeerWatch::PeerWatch(TcpConnection& connection, int side)
    : connection_(connection), side_(side), heard_(connection.world().time()) {
  Choices& choices = connection.world().choices();
  const std::string entity = connection.direction_name(side);
  probe_sites_ = {choices.site(entity, probe_jitter), choices.site(entity, probe_loss)};
  answer_sites_ = {choices.site(entity, probe_answer_jitter), choices.site(entity, probe_answer_loss)};
}

// --- options ---

void PeerWatch::set_keep_alive(const KeepAlive& options) {
  const bool switched_on = options.on && !keep_alive_.on;
  const bool other_idle = options.idle != keep_alive_.idle;
  keep_alive_ = options;
  if (!options.on) {
    stop_keep_alive();
  } else if (switched_on) {
    arm(options.idle);
  } else if (other_idle && linked()) {
    const Duration silence = connection_.world().time() - heard_;
    arm(std::max<Duration>(options.idle - silence, Duration::zero()));
  }
}

void PeerWatch::set_user_timeout(Duration timeout) {
  user_timeout_ = timeout;
  stall_.cancel();
  const Flow& going = connection_.outgoing(side_);
  sent(going.sent(), going.blocked());
}

// --- keep-alive ---

void PeerWatch::heard() noexcept {
  heard_ = connection_.world().time();
  unanswered_ = 0;
}

void PeerWatch::arm(Duration delay) {
  // Between Unix sockets there is nothing to find out.
  if (connection_.is_unix() || !connection_.established() || connection_.is_dead(side_)) return;
  World& world = connection_.world();
  world.schedule(timer_, saturating_add(world.time(), delay));
  if (!linked()) world.watch_begins(*this);
}

void PeerWatch::stop_keep_alive() noexcept {
  timer_.cancel();
  probe_.cancel();
  answer_.cancel();
  if (linked()) connection_.world().watch_ends(*this);
}

void PeerWatch::stop() noexcept {
  stop_keep_alive();
  stall_.cancel();
}

void PeerWatch::timer() {
  const detail::Ref<TcpConnection> keep(&connection_);
  World& world = connection_.world();
  world.set_current(connection_.host(side_), "keep-alive");
  Flow& going = connection_.outgoing(side_);
  if (const TimePoint acknowledged = going.last_acknowledged(); acknowledged > heard_) {
    heard_ = acknowledged;
    unanswered_ = 0;
  }
  const Duration silence = world.time() - heard_;
  if (going.unacknowledged()) {
    arm(keep_alive_.idle);  // sending again finds out as well
  } else if (silence < keep_alive_.idle) {
    arm(keep_alive_.idle - silence);
  } else if (gives_up(silence)) {
    connection_.unreachable(side_);
  } else {
    send_probe();
    arm(keep_alive_.interval);
  }
}

bool PeerWatch::gives_up(Duration silence) const noexcept {
  if (user_timeout_ == Duration::zero()) return unanswered_ >= keep_alive_.count;
  return silence >= user_timeout_ && unanswered_ > 0;
}

void PeerWatch::send_probe() {
  World& world = connection_.world();
  const std::uint64_t number = probes_++;
  ++unanswered_;
  const Link& there = connection_.link(side_);
  if (there.loses(world.choices(), probe_sites_.loss, number)) {
    world.publish(connection_.host(side_), "keep-alive lost", connection_.name(), number);
    return;
  }
  const TimePoint arrival = world.time() + there.delay(world.choices(), probe_sites_.jitter, number);
  // On a slow link the one before may still be on its way; that one arrives first, and says the same.
  if (!probe_.scheduled()) world.schedule(probe_, arrival);
}

void PeerWatch::probe_arrived() {
  const int peer = 1 - side_;
  World& world = connection_.world();
  world.set_current(connection_.host(peer), "keep-alive");
  world.publish(connection_.host(peer), "keep-alive", connection_.name(), probes_ - 1);
  world.fingerprint_state().add(connection_.id() * 2 + static_cast<std::uint64_t>(side_), 0x6b656570);
  if (PeerWatch* other = connection_.watch(peer)) other->heard();
  const Link& back = connection_.link(peer);
  if (back.loses(world.choices(), answer_sites_.loss, probes_ - 1)) return;
  if (answer_.scheduled()) return;
  world.schedule(answer_, world.time() + back.delay(world.choices(), answer_sites_.jitter, probes_ - 1));
}

void PeerWatch::answer_arrived() {
  const detail::Ref<TcpConnection> keep(&connection_);
  World& world = connection_.world();
  world.set_current(connection_.host(side_), "keep-alive answer");
  if (connection_.is_dead(1 - side_)) {
    world.publish(connection_.host(side_), "reset", connection_.name(), probes_ - 1);
    connection_.reset_arrived(side_);
  } else {
    heard();
  }
}

bool PeerWatch::calm() const {
  Flow& going = connection_.outgoing(side_);
  if (going.unacknowledged()) return true;  // the timer only waits for that
  const int peer = 1 - side_;
  return !connection_.link(side_).options.down && !connection_.link(peer).options.down &&
         !connection_.is_dead(peer);
}

// --- user timeout ---

void PeerWatch::sent(std::uint64_t offset, bool blocked) {
  if (!blocked || user_timeout_ == Duration::zero()) {
    stall_.cancel();
  } else if (!stall_.scheduled() || offset != blocked_at_) {
    blocked_at_ = offset;
    World& world = connection_.world();
    world.schedule(stall_, saturating_add(world.time(), window_probe_timeout + user_timeout_));
  }
}

void PeerWatch::stalled() {
  const detail::Ref<TcpConnection> keep(&connection_);
  World& world = connection_.world();
  world.set_current(connection_.host(side_), "user timeout");
  connection_.unreachable(side_);
}

}  // namespace twinwire::sim
