// How one end of a simulated connection finds out that the other end is gone, if it was asked to.
//
//   keep-alive     nothing heard for `idle`: a probe, and one after each `interval`; an answer ends that.
//                  After `count` of them without an answer the connection ends with timed_out. A peer that
//                  has given up answers with a reset.
//   user timeout   Unless bytes that were sent again, or that a closed window holds back, make progress for
//   so
//                  long, the connection ends with timed_out. With keep-alive it takes the place of `count`.
//
// As Linux does: https://man7.org/linux/man-pages/man7/tcp.7.html, RFC 9293 3.8.4, RFC 5482.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/sim/link.hpp>
#include <twinwire/sim/member_event.hpp>

#include <chrono>
#include <cstdint>

namespace twinwire::sim {

class TcpConnection;
struct WatchTag;

/// SO_KEEPALIVE and what belongs to it, with the values that Linux has.
struct KeepAlive {
  bool on = false;
  std::chrono::seconds idle{7200};
  std::chrono::seconds interval{75};
  int count = 9;
};

/// Part of a TcpConnection, of a side that has set one of these options. In the list of its world while it
/// has a timer for keep-alive, which would otherwise go on for ever: see calm().
class PeerWatch : public detail::ListLink<WatchTag> {
 public:
  PeerWatch(TcpConnection& connection, int side);

  const KeepAlive& keep_alive() const noexcept { return keep_alive_; }
  void set_keep_alive(const KeepAlive& options);
  Duration user_timeout() const noexcept { return user_timeout_; }
  void set_user_timeout(Duration timeout);

  /// Something has come from the peer.
  void heard() noexcept;
  /// Bytes were sent up to this offset; `blocked`: there are more, but the window is closed.
  void sent(std::uint64_t offset, bool blocked);
  /// The user has closed this side: what was written is still watched.
  void stop_keep_alive() noexcept;
  /// The side is lost.
  void stop() noexcept;

  /// As things are, the timer will find nothing but a peer that is there.
  bool calm() const;

 private:
  void arm(Duration delay);
  void timer();
  bool gives_up(Duration silence) const noexcept;
  void send_probe();
  void probe_arrived();
  void answer_arrived();
  void stalled();

  TcpConnection& connection_;
  int side_;
  KeepAlive keep_alive_;
  Duration user_timeout_{};
  PacketSites probe_sites_;
  PacketSites answer_sites_;
  TimePoint heard_;
  std::uint64_t probes_ = 0;  ///< sent altogether
  int unanswered_ = 0;        ///< sent since something was heard
  std::uint64_t blocked_at_ = 0;
  MemberEvent<PeerWatch, &PeerWatch::timer> timer_{*this};
  MemberEvent<PeerWatch, &PeerWatch::probe_arrived> probe_{*this};
  MemberEvent<PeerWatch, &PeerWatch::answer_arrived> answer_{*this};
  MemberEvent<PeerWatch, &PeerWatch::stalled> stall_{*this};
};

}  // namespace twinwire::sim
