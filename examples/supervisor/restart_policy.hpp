// Whether, and when, a child that has ended is started again.
#pragma once

#include "settings.hpp"

#include <twinwire/net/time.hpp>

#include <deque>
#include <optional>

namespace supervisor {

/// Of one child. Told the times, so that it needs no clock.
class RestartPolicy {
 public:
  /// The settings outlive it.
  explicit RestartPolicy(const ChildSettings& settings) : settings_(settings) {}

  /// A run has ended at `now`. How long to wait before the next one; nothing if there is none.
  std::optional<twinwire::Duration> after_end(bool failed, twinwire::TimePoint started,
                                              twinwire::TimePoint now);
  /// There is none because there have been too many.
  bool gave_up() const noexcept { return gave_up_; }

 private:
  const ChildSettings& settings_;
  std::deque<twinwire::TimePoint> restarts_;  ///< those within the period
  twinwire::Duration next_backoff_ = settings_.backoff_min;
  bool gave_up_ = false;
};

}  // namespace supervisor
