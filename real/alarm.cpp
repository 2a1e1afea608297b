#include <twinwire/real/alarm.hpp>

#include <ctime>
#include <sys/timerfd.h>

namespace twinwire::real {
namespace {

constexpr auto nanoseconds_per_second = 1'000'000'000;

}  // namespace

Alarm::Alarm(twinwire::detail::Ref<Poller> poller)
    : poller_(std::move(poller)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  constexpr const char* sentence = "make a timer for a loop";
  if (!timer_) throw OperationError(last_error(), sentence);
  if (const error_code error = poller_->add(*this, timer_.get(), EPOLLIN); error.failed()) {
    poller_->forget(*this);
    throw OperationError(error, sentence);
  }
}

Alarm::~Alarm() {
  poller_->forget(*this);
}

void Alarm::set(TimePoint when) noexcept {
  const auto count = when.time_since_epoch().count();
  itimerspec value{};
  value.it_value.tv_sec = static_cast<std::time_t>(count / nanoseconds_per_second);
  value.it_value.tv_nsec = static_cast<long>(count % nanoseconds_per_second);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &value, nullptr);
  set_to_ = when;
}

void Alarm::on_events(std::uint32_t) {
  // It is never read: an edge-triggered timer reports each expiry once, read or not.
  set_to_.reset();
  rung_ = true;
}

}  // namespace twinwire::real
