// What can be set about a simulated world, its hosts and its links.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace twinwire::sim {

/// One direction between two hosts. The odds decide how rough it is; with none it only takes time.
struct LinkOptions {
  /// What every packet takes.
  Duration latency = std::chrono::milliseconds(1);
  /// Up to this much more, in 63 equal steps, drawn for each packet.
  Duration jitter = Duration::zero();
  /// That a packet is lost. A stream sends it again, which costs a retransmission timeout.
  Odds loss;
  /// That what is sent is cut into two packets, at any byte.
  Odds cut;
  /// That what arrives is read in two pieces, cut at any byte.
  Odds rechunk;
  /// The most bytes in one packet.
  std::uint32_t max_segment = 64 * 1024;
  /// That a datagram comes twice.
  Odds duplicate;
  /// That a datagram takes up to 16 latencies more, and is overtaken by those behind it.
  Odds overtaken;
  /// That a bit of a datagram is flipped.
  Odds corrupt;
  /// That a datagram larger than `mtu` is cut to it. Otherwise it passes, in fragments.
  Odds truncate;
  /// The most bytes of a packet, with its headers.
  std::uint32_t mtu = 1500;
  /// Bytes per second that datagrams share; 0: no limit. Streams take no part in it, see docs/limits.md.
  std::uint64_t bandwidth = 0;
  /// Nothing passes: packets vanish (a black hole), nobody is told.
  bool down = false;

  /// A link that searches for bugs: jitter of ten latencies, cuts and re-chunking of every eighth segment,
  /// one packet in a hundred lost, one datagram in fifty doubled and one in twenty overtaken.
  static LinkOptions rough() {
    LinkOptions options;
    options.jitter = 10 * options.latency;
    options.loss = {1, 100};
    options.cut = {1, 8};
    options.rechunk = {1, 8};
    options.duplicate = {1, 50};
    options.overtaken = {1, 20};
    return options;
  }
};

/// One machine.
struct HostOptions {
  /// Its addresses; none means the next free 10.x.y.z. 127.0.0.1 and ::1 it has anyway.
  std::vector<Address> addresses;
  /// Sockets that may be open at once; one more fails with EMFILE.
  int max_descriptors = 1024;
  /// Bytes that a socket buffers in each direction (SO_SNDBUF, SO_RCVBUF), unless it is told otherwise.
  std::uint32_t send_buffer_size = 64 * 1024;
  std::uint32_t receive_buffer_size = 64 * 1024;
  /// Parts per million by which its monotonic clock runs fast (or, negative, slow).
  std::int32_t drift_ppm = 0;
  /// By how much its calendar is ahead (or, negative, behind).
  Duration skew = Duration::zero();
};

/// Everything else. All limits end a run with a report: a run never goes on for ever.
struct WorldOptions {
  /// Links that were not set otherwise.
  LinkOptions link;
  /// From a host to itself.
  LinkOptions loopback = [] {
    LinkOptions options;
    options.latency = std::chrono::microseconds(10);
    return options;
  }();
  /// Hosts that were not given other options.
  HostOptions host;
  /// The calendar when the world begins.
  WallTime start = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  /// What a look-up of a name takes.
  Duration name_latency = std::chrono::milliseconds(2);
  /// The most that a function in an executor takes; how long it does is drawn.
  Duration executor_time_max = std::chrono::milliseconds(10);

  std::uint64_t events_max = 100'000'000;
  Duration time_max = std::chrono::hours(24 * 366 * 10);
  std::uint64_t events_per_instant_max = 1'000'000;
};

/// Throw std::invalid_argument, naming the option, for values that make no sense.
void check(const LinkOptions& options);
void check(const HostOptions& options);
void check(const WorldOptions& options);

}  // namespace twinwire::sim
