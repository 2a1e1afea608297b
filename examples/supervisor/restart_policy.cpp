#include "restart_policy.hpp"

#include <algorithm>
#include <utility>

namespace supervisor {

std::optional<twinwire::Duration> RestartPolicy::after_end(bool failed, twinwire::TimePoint started,
                                                           twinwire::TimePoint now) {
  if (settings_.restart == Restart::never) return std::nullopt;
  if (settings_.restart == Restart::on_failure && !failed) return std::nullopt;
  while (!restarts_.empty() && now - restarts_.front() >= settings_.period) restarts_.pop_front();
  if (restarts_.size() >= static_cast<std::size_t>(settings_.restarts_max)) {
    gave_up_ = true;
    return std::nullopt;
  }
  restarts_.push_back(now);
  if (now - started >= settings_.backoff_max) next_backoff_ = settings_.backoff_min;
  const twinwire::Duration backoff = next_backoff_;
  next_backoff_ = std::min(2 * backoff, settings_.backoff_max);
  return backoff;
}

}  // namespace supervisor
