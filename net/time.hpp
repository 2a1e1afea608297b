// The two clocks of a loop. Everything is integer nanoseconds: no float ever decides anything.
#pragma once

#include <chrono>

namespace twinwire {

/// A length of time, in nanoseconds: up to 292 years. Longer ones (std::chrono::hours::max()) cannot be
/// converted: use Duration::max() for "never".
using Duration = std::chrono::nanoseconds;

/// Tag for the monotonic clock of a loop. It has no `now()` on purpose: ask the loop, which may be simulated.
struct LoopClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LoopClock>;
  static constexpr bool is_steady = true;
};

/// A moment on the monotonic clock of one loop (`Loop::time()`); not comparable between loops.
using TimePoint = LoopClock::time_point;

/// A moment of the calendar (`Loop::wall_time()`): for expiry dates and certificates, never for deadlines.
using WallTime = std::chrono::sys_time<Duration>;

/// The sum, or the last representable moment where the sum would overflow.
constexpr TimePoint saturating_add(TimePoint when, Duration delay) noexcept {
  if (delay > Duration::zero() && when > TimePoint::max() - delay) return TimePoint::max();
  if (delay < Duration::zero() && when < TimePoint::min() - delay) return TimePoint::min();
  return when + delay;
}

/// The difference, or the longest duration of that sign where it would overflow.
constexpr Duration saturating_sub(TimePoint when, TimePoint from) noexcept {
  const Duration a = when.time_since_epoch();
  const Duration b = from.time_since_epoch();
  if (b < Duration::zero() && a > Duration::max() + b) return Duration::max();
  if (b > Duration::zero() && a < Duration::min() + b) return Duration::min();
  return a - b;
}

}  // namespace twinwire
