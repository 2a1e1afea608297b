// One direction between two hosts: what packets on it take, and which of them are lost.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/sim/options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace twinwire::sim {

/// The decisions about the packets of one flow.
struct PacketSites {
  Site jitter;
  Site loss;
};

/// `latency` and a drawn share of `jitter`.
inline Duration jittered(Choices& choices, Site site, std::uint64_t ordinal, Duration latency,
                         Duration jitter) {
  constexpr std::int64_t steps = 64;
  if (jitter == Duration::zero()) return latency;
  return latency + jitter * static_cast<std::int64_t>(choices.draw(site, ordinal, steps)) / (steps - 1);
}

/// Owned by its world, in a cache line of its own. Its options may be changed at any time; they count for
/// what is sent from then on.
class alignas(64) Link {
 public:
  explicit Link(const LinkOptions& initial) : options(initial) {}

  /// How long the packet takes.
  Duration delay(Choices& choices, Site jitter, std::uint64_t ordinal) const {
    return jittered(choices, jitter, ordinal, options.latency, options.jitter);
  }

  /// Whether the packet vanishes.
  bool loses(Choices& choices, Site loss, std::uint64_t ordinal) const {
    if (options.down) return true;
    return options.loss.numerator != 0 && choices.draw_rare(loss, ordinal, options.loss, 1) != 0;
  }

  /// When a datagram of this size, sent now, will have left; those before it leave first.
  TimePoint departure(TimePoint now, std::size_t bytes) {
    if (options.bandwidth == 0) return now;
    constexpr std::uint64_t nanoseconds = 1'000'000'000;
    const auto takes = Duration(static_cast<std::int64_t>(bytes * nanoseconds / options.bandwidth));
    idle_ = std::max(idle_, now) + takes;
    return idle_;
  }

  LinkOptions options;

 private:
  TimePoint idle_{};  ///< when the last datagram will have left
};

}  // namespace twinwire::sim
