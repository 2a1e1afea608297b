// One direction of a simulated TCP connection.
//
//   writer --write--> [ring: consumed .. written] --transmit--> packets --arrive--> [arrived] --read-->
//   reader
//
//   consumed <= arrived <= sent <= written        offsets in the stream
//   sent <= edge                                  the window that the reader has opened, as the writer knows
//   written <= acknowledged + send buffer         what the writer may still buffer
//
// Packets arrive in order: one that is lost holds back those behind it until it was sent again. What the
// writer knows of the reader is one trip old: acknowledgements are remembered with the time when they will be
// seen, and cost an event only if the writer waits for one.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/sim/link.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/ring.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace twinwire::sim {

class TcpConnection;
class World;

/// Part of a TcpConnection, which it tells of everything that an end may notice.
class Flow {
 public:
  /// Towards side 1 or 0 of the connection; `entity` names it in decisions.
  Flow(TcpConnection& connection, int writer, std::string_view entity);

  /// The way there, and the way back of acknowledgements; before anything is sent.
  void set_links(const Link& there, const Link& back) noexcept {
    there_ = &there;
    back_ = &back;
  }
  /// Inside one host nothing is lost.
  void set_lossless() noexcept { lossless_ = true; }
  void set_buffer_sizes(std::uint32_t send, std::uint32_t receive) noexcept;
  void set_send_buffer(std::uint32_t bytes) noexcept { send_buffer_ = bytes; }
  void set_receive_buffer(std::uint32_t bytes) noexcept { receive_buffer_ = bytes; }
  std::uint32_t send_buffer() const noexcept { return send_buffer_; }
  std::uint32_t receive_buffer() const noexcept { return receive_buffer_; }
  /// Nothing sent from now on arrives before this moment.
  void hold_until(TimePoint when) noexcept { last_arrival_ = when; }

  // --- the writer ---
  /// How many bytes were taken; fewer than there are: the writer is told when there is room.
  std::size_t write(std::span<const Bytes> buffers);
  /// Ends the stream behind what was written.
  void finish();
  /// Ends the stream behind what was written, and not in order.
  void finish_with_reset();
  /// Drops what was not sent, and sends a reset.
  void reset();
  bool finished() const noexcept { return fin_wanted_; }
  /// Its end is on its way, or has arrived.
  bool fin_sent() const noexcept { return fin_sent_; }
  /// When all that was sent will have arrived.
  TimePoint last_arrival() const noexcept { return last_arrival_; }
  /// Something was written that has not arrived.
  bool unsent() const noexcept { return arrived_ < written_; }
  /// Bytes were sent up to here.
  std::uint64_t sent() const noexcept { return sent_; }
  /// Something was written that the window of the reader does not let go.
  bool blocked() const noexcept { return sent_ < written_; }
  /// Something was written, or the stream was ended, and the writer does not know yet that it has arrived.
  bool unacknowledged();
  /// When the writer heard last of something that had arrived.
  TimePoint last_acknowledged();

  // --- the reader ---
  std::size_t read(MutableBytes buffer);
  std::size_t readable() const noexcept { return arrived_ - consumed_; }
  bool fin_arrived() const noexcept { return fin_arrived_; }

  /// What the reader is made of, for prefetch().
  void set_reader(const void* wire, const void* sink, const void* loop) noexcept {
    reader_wire_ = wire;
    reader_sink_ = sink;
    reader_loop_ = loop;
  }
  /// The next packet is about to arrive: see detail::Event::prefetch.
  void prefetch() const noexcept;

  /// One of the ends is gone: nothing of this direction matters any more.
  void drop() noexcept;
  /// Packets or acknowledgements are on their way.
  bool busy() const noexcept {
    return arrival_.scheduled() || acknowledgement_.scheduled() || !packets_.empty();
  }

 private:
  struct Packet {
    TimePoint time;     ///< of its arrival; if it is lost, of the next try
    std::uint64_t end;  ///< the offset behind its last byte
    std::uint16_t attempt;
    bool lost;
    bool fin;
    bool rst;
  };
  struct Acknowledgement {
    TimePoint seen;  ///< when the writer knows
    std::uint64_t arrived;
    std::uint64_t edge;
  };

  void transmit();
  void send_packet(std::uint64_t start, std::uint64_t end, bool fin);
  void send_now(Packet& packet, std::uint64_t start);
  void next_arrival();
  void arrive();
  void retransmit();
  bool gives_up(Duration user_timeout);
  void deliver(const Packet& packet);
  void acknowledge();
  void see_acknowledgements();
  void acknowledgement_seen();
  void wait_for_acknowledgement();
  bool writer_needs_acknowledgement() const noexcept { return writer_waits_ || sent_ < written_; }

  MemberEvent<Flow, &Flow::arrive> arrival_{*this};
  TcpConnection& connection_;
  int writer_;
  const Link* there_ = nullptr;
  const Link* back_ = nullptr;
  const void* reader_wire_ = nullptr;
  const void* reader_sink_ = nullptr;
  const void* reader_loop_ = nullptr;
  PacketSites sites_;
  Site cut_;
  Site rechunk_;
  ByteRing ring_;
  Ring<Packet> packets_;
  Ring<Acknowledgement> acknowledgements_;
  std::uint64_t written_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t edge_ = 0;
  std::uint64_t chunk_end_ = 0;  ///< a read stops here once, if it is ahead of what was consumed
  TimePoint last_arrival_{};
  TimePoint acknowledged_at_{};
  TimePoint sending_again_since_ = TimePoint::max();  ///< what is first in packets_
  std::uint32_t send_buffer_ = 0;
  std::uint32_t receive_buffer_ = 0;
  bool lossless_ = false;
  bool fin_resets_ = false;
  bool fin_wanted_ = false;
  bool fin_sent_ = false;
  bool fin_arrived_ = false;
  bool writer_waits_ = false;
  MemberEvent<Flow, &Flow::acknowledgement_seen> acknowledgement_{*this};
};

}  // namespace twinwire::sim
