#include <twinwire/sim/tcp/flow.hpp>
#include <twinwire/sim/tcp/peer_watch.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>

namespace twinwire::sim {
namespace {

constexpr Purpose jitter{"jitter",
                         "{entity}: the segment at byte {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose loss{"loss", "{entity}: the segment at byte {major} was lost (try {minor})"};
constexpr Purpose cut{"cut", "{entity}: the segment at byte {ordinal} was cut after byte {end}"};
constexpr Purpose rechunk{"rechunk",
                          "{entity}: what arrived at byte {ordinal} was read in two, up to byte {end}"};

/// RFC 6298 with the minimum that Linux uses, doubled for each try, 120 s at most.
constexpr Duration retransmission_timeout = std::chrono::milliseconds(200);
constexpr Duration retransmission_timeout_max = std::chrono::seconds(120);
/// As net.ipv4.tcp_retries2.
constexpr int retransmissions_max = 15;

Duration backoff(int attempt) {
  return std::min(retransmission_timeout * (std::int64_t{1} << std::min(attempt, 20)),
                  retransmission_timeout_max);
}

}  // namespace

Flow::Flow(TcpConnection& connection, int writer, std::string_view entity)
    : connection_(connection), writer_(writer) {
  Choices& choices = connection.world().choices();
  sites_ = {choices.site(entity, jitter), choices.site(entity, loss)};
  cut_ = choices.site(entity, cut);
  rechunk_ = choices.site(entity, rechunk);
}

void Flow::set_buffer_sizes(std::uint32_t send, std::uint32_t receive) noexcept {
  send_buffer_ = send;
  receive_buffer_ = receive;
  edge_ = receive;
}

/// The connection, the reader, and the direction in which it answers.
void Flow::prefetch() const noexcept {
  detail::prefetch_memory(there_, 1);
  detail::prefetch_memory(back_, 1);
  detail::prefetch_memory(ring_.front(), 2);
  detail::prefetch_memory(&connection_, 3);
  detail::prefetch_memory(&connection_.outgoing(1 - writer_), 7);
  detail::prefetch_memory(reader_wire_, 2);
  detail::prefetch_memory(reader_sink_, 5);
  detail::prefetch_memory(reader_loop_, 1);
}

// --- the writer ---

std::size_t Flow::write(std::span<const Bytes> buffers) {
  see_acknowledgements();
  const std::uint64_t used = written_ - acknowledged_;
  std::size_t room = used < send_buffer_ ? send_buffer_ - static_cast<std::size_t>(used) : 0;
  std::size_t taken = 0;
  for (const Bytes buffer : buffers) {
    const std::size_t count = std::min(room, buffer.size());
    ring_.append(buffer.first(count));
    taken += count;
    room -= count;
    if (count < buffer.size()) writer_waits_ = true;
  }
  written_ += taken;
  transmit();
  if (writer_waits_) wait_for_acknowledgement();
  return taken;
}

void Flow::finish() {
  fin_wanted_ = true;
  transmit();
}

void Flow::finish_with_reset() {
  if (fin_sent_) {
    reset();
    return;
  }
  fin_resets_ = true;
  finish();
}

void Flow::reset() {
  ring_.truncate(static_cast<std::size_t>(sent_ - consumed_));
  written_ = sent_;
  fin_wanted_ = fin_sent_ = true;
  writer_waits_ = false;
  // What was lost is never sent again: the reset overtakes it, and all that was held back by it.
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    if (!packets_[i].lost) continue;
    while (packets_.size() > i) packets_.pop_back();
    break;
  }
  // It brings no bytes: what the reader has not got by then it never gets.
  const std::uint64_t end = packets_.empty() ? arrived_ : packets_.back().end;
  if (packets_.empty()) last_arrival_ = TimePoint{};
  Packet packet{{}, end, 0, false, false, true};
  send_now(packet, end);
  packets_.push_back(packet);
  next_arrival();
}

void Flow::transmit() {
  const Link& link = *there_;
  Choices& choices = connection_.world().choices();
  const std::uint64_t end = std::min(written_, edge_);
  while (sent_ < end) {
    const std::uint64_t start = sent_;
    std::uint64_t length = std::min<std::uint64_t>(end - sent_, std::max(link.options.max_segment, 1U));
    if (link.options.cut.numerator != 0 && length > 1) {
      const std::uint64_t at = choices.draw_rare(cut_, start, link.options.cut, length - 1);
      if (at != 0) length = at;
    }
    sent_ += length;
    send_packet(start, sent_, false);
  }
  if (fin_wanted_ && !fin_sent_ && sent_ == written_) {
    fin_sent_ = true;
    send_packet(sent_, sent_, true);
  }
  if (PeerWatch* watch = connection_.watch(writer_)) watch->sent(sent_, blocked());
}

void Flow::send_packet(std::uint64_t start, std::uint64_t end, bool fin) {
  Packet packet{{}, end, 0, false, fin, fin && fin_resets_};
  send_now(packet, start);
  packets_.push_back(packet);
  if (packets_.size() == 1) next_arrival();
}

/// Sends for the first time or again: decides whether it is lost, and when it or the next try comes. A reset
/// is neither lost by chance nor late; where nothing passes it is tried again, as it would be whenever the
/// peer sends something once more.
void Flow::send_now(Packet& packet, std::uint64_t start) {
  World& world = connection_.world();
  const Link& link = *there_;
  packet.lost = !lossless_ && (packet.rst ? link.options.down
                                          : link.loses(world.choices(), sites_.loss,
                                                       paired_ordinal(start, packet.attempt)));
  if (packet.lost) {
    packet.time = world.time() + backoff(packet.attempt);
    world.publish(connection_.host(writer_), "lost", connection_.name(), start);
    return;
  }
  const TimePoint arrival =
      world.time() + (packet.rst ? link.options.latency : link.delay(world.choices(), sites_.jitter, start));
  packet.time = std::max(arrival, last_arrival_);
  last_arrival_ = packet.time;
}

// --- on the way ---

void Flow::next_arrival() {
  if (!packets_.empty()) connection_.world().schedule(arrival_, packets_.front().time);
}

void Flow::arrive() {
  const detail::Ref<TcpConnection> keep(&connection_);
  if (packets_.front().lost) {
    retransmit();
  } else {
    // Each segment is an event of its own, also when several arrive at once.
    const Packet packet = packets_.front();
    packets_.pop_front();
    deliver(packet);
  }
  next_arrival();
  connection_.finish_if_over();
}

/// The first packet is to be sent again: it is not, if it was often enough, or for long enough. As Linux,
/// which counts the user timeout from the first time on, and not the times then.
bool Flow::gives_up(Duration user_timeout) {
  const TimePoint now = connection_.world().time();
  sending_again_since_ = std::min(sending_again_since_, now);
  if (user_timeout == Duration::zero() || packets_.front().rst) {
    return packets_.front().attempt >= retransmissions_max;
  }
  return now - sending_again_since_ >= user_timeout;
}

/// The first packet was lost, and its time to be sent again has come; others that were lost go with it.
void Flow::retransmit() {
  World& world = connection_.world();
  const PeerWatch* const watch = connection_.watch(writer_);
  const Duration user_timeout = watch ? watch->user_timeout() : Duration::zero();
  if (gives_up(user_timeout)) {
    if (packets_.front().rst) {
      connection_.reset_undelivered(1 - writer_);
    } else {
      connection_.timed_out(writer_);
    }
    return;
  }
  last_arrival_ = world.time();
  std::uint64_t start = arrived_;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    Packet& packet = packets_[i];
    if (packet.lost) {
      ++packet.attempt;
      send_now(packet, start);
      if (packet.lost && !packet.rst && user_timeout != Duration::zero()) {
        packet.time = std::min(packet.time, saturating_add(sending_again_since_, user_timeout));
      }
    } else {
      packet.time = last_arrival_ = std::max(packet.time, last_arrival_);
    }
    start = packet.end;
  }
}

void Flow::deliver(const Packet& packet) {
  World& world = connection_.world();
  const std::uint64_t start = arrived_;
  const auto length = static_cast<std::size_t>(packet.end - start);
  arrived_ = packet.end;
  sending_again_since_ = TimePoint::max();
  const auto [first, second] = ring_.view(static_cast<std::size_t>(start - consumed_), length);
  Fingerprint& fingerprint = world.fingerprint_state();
  fingerprint.add(connection_.id() * 2 + static_cast<std::uint64_t>(writer_),
                  start * 4 + (packet.fin ? 1 : 0) + (packet.rst ? 2 : 0));
  if (length != 0) {
    fingerprint.add(first);
    if (!second.empty()) fingerprint.add(second);
  }
  Host& receiver = connection_.host(1 - writer_);
  world.set_current(receiver, packet.rst ? "reset" : packet.fin ? "end of stream" : "segment");
  if (world.observed()) {
    world.publish(receiver,
                  packet.rst   ? "reset"
                  : packet.fin ? "fin"
                               : "segment",
                  connection_.name(), start, first);
  }
  if (packet.rst) {
    connection_.reset_arrived(1 - writer_);
    return;
  }
  if (packet.fin) fin_arrived_ = true;
  const Odds odds = there_->options.rechunk;
  if (odds.numerator != 0 && length > 1 && chunk_end_ <= consumed_) {
    const std::uint64_t at = world.choices().draw_rare(rechunk_, start, odds, length - 1);
    if (at != 0) chunk_end_ = start + at;
  }
  acknowledge();
  connection_.data_arrived(1 - writer_, length);
}

// --- the reader ---

std::size_t Flow::read(MutableBytes buffer) {
  std::size_t count = std::min(readable(), buffer.size());
  if (chunk_end_ > consumed_) count = std::min(count, static_cast<std::size_t>(chunk_end_ - consumed_));
  if (count == 0) return 0;
  ring_.read(buffer.first(count));
  consumed_ += count;
  acknowledge();
  return count;
}

// --- acknowledgements ---

/// The reader's side has changed: the writer will know after one trip back.
void Flow::acknowledge() {
  TimePoint seen = connection_.world().time() + back_->options.latency;
  if (!acknowledgements_.empty()) seen = std::max(seen, acknowledgements_.back().seen);
  const Acknowledgement news{seen, arrived_, consumed_ + receive_buffer_};
  if (!acknowledgements_.empty() && acknowledgements_.back().seen == seen) {
    acknowledgements_.back() = news;
  } else {
    acknowledgements_.push_back(news);
  }
  if (writer_needs_acknowledgement()) wait_for_acknowledgement();
}

void Flow::see_acknowledgements() {
  const TimePoint now = connection_.world().time();
  while (!acknowledgements_.empty() && acknowledgements_.front().seen <= now) {
    acknowledged_ = acknowledgements_.front().arrived;
    acknowledged_at_ = acknowledgements_.front().seen;
    edge_ = std::max(edge_, acknowledgements_.front().edge);
    acknowledgements_.pop_front();
  }
}

bool Flow::unacknowledged() {
  see_acknowledgements();
  return acknowledged_ < written_ || !packets_.empty();
}

TimePoint Flow::last_acknowledged() {
  see_acknowledgements();
  return acknowledged_at_;
}

void Flow::wait_for_acknowledgement() {
  if (acknowledgement_.scheduled() || acknowledgements_.empty()) return;
  connection_.world().schedule(acknowledgement_, acknowledgements_.front().seen);
}

void Flow::acknowledgement_seen() {
  const detail::Ref<TcpConnection> keep(&connection_);
  see_acknowledgements();
  transmit();
  // As Linux does: a waiting writer hears of room once a third of the buffer is free.
  const std::uint64_t used = written_ - acknowledged_;
  if (writer_waits_ && used < send_buffer_ && (send_buffer_ - used) * 3 >= send_buffer_) {
    writer_waits_ = false;
    connection_.world().set_current(connection_.host(writer_), "acknowledgement");
    connection_.room_arrived(writer_);
  }
  if (writer_needs_acknowledgement()) wait_for_acknowledgement();
  connection_.finish_if_over();
}

void Flow::drop() noexcept {
  arrival_.cancel();
  acknowledgement_.cancel();
  packets_.clear();
  acknowledgements_.clear();
  writer_waits_ = false;
}

}  // namespace twinwire::sim
