// One moment at which an idle loop is to wake: https://man7.org/linux/man-pages/man2/timerfd_create.2.html
#pragma once

#include <twinwire/net/time.hpp>
#include <twinwire/real/poller.hpp>

#include <optional>

namespace twinwire::real {

/// A timer of the kernel among the descriptors of a poller. Precise to the nanosecond, where a timeout of
/// epoll_wait is one of milliseconds with a slack of 0.1%; and it is set only when something earlier than
/// before is waited for, so that a loop whose timeouts are moved on by every request makes no call for them,
/// and none at all without timers. Loop thread only.
class Alarm final : public PollEntry {
 public:
  /// Throws OperationError when the system has no descriptor left. Made with the loop, as the time to need
  /// one may be just when there are none: an accept that failed is tried again a second later.
  explicit Alarm(twinwire::detail::Ref<Poller> poller);
  ~Alarm();

  /// True if it rings at `when` or before.
  bool covers(TimePoint when) const noexcept { return set_to_ && *set_to_ <= when; }
  /// Rings once, at this moment of CLOCK_MONOTONIC and not before.
  void set(TimePoint when) noexcept;
  /// Whether it has rung since it was asked last.
  bool take_ring() noexcept { return std::exchange(rung_, false); }

  void on_events(std::uint32_t events) override;

 private:
  twinwire::detail::Ref<Poller> poller_;
  Descriptor timer_;
  std::optional<TimePoint> set_to_;
  bool rung_ = false;
};

}  // namespace twinwire::real
