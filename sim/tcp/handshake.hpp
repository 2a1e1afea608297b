// How a simulated connection comes about: SYN, SYN-ACK, ACK, one trip each.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/sim/link.hpp>
#include <twinwire/sim/member_event.hpp>

#include <cstdint>

namespace twinwire::sim {

class TcpAcceptor;
class TcpConnection;
struct PromisedTag;

/// Refused (somebody said no), black-holed (nobody answers, until it times out) and accepted are three
/// different things here, as they are in reality.
class Handshake : public detail::ListLink<PromisedTag> {
 public:
  explicit Handshake(TcpConnection& connection);
  /// Of a Unix socket, whose listener is known: there is only the way to it, and nothing is lost.
  Handshake(TcpConnection& connection, TcpAcceptor& listener);
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  bool busy() const noexcept { return event_.scheduled(); }
  /// The listener is gone: a connection that it had promised is reset.
  void listener_closed() noexcept { listener_ = nullptr; }

 private:
  enum class Phase : std::uint8_t { syn, retry, syn_ack, refused, ack };

  void name_sites();
  void send_syn();
  void next();
  void syn_arrived();
  void syn_ack_arrived();
  void ack_arrived();
  void after(Duration delay, Phase phase);
  void retry_later();

  TcpConnection& connection_;
  TcpAcceptor* listener_ = nullptr;
  PacketSites syn_sites_;
  PacketSites answer_sites_;
  Site ack_jitter_;
  int attempt_ = 0;
  TimePoint sent_{};  ///< when the last SYN went out
  Phase phase_ = Phase::syn;
  MemberEvent<Handshake, &Handshake::next> event_{*this};
};

}  // namespace twinwire::sim
