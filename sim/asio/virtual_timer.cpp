#include <twinwire/net/asio/io_operation.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/sim/asio/virtual_timer.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace twinwire::sim {
namespace {

/// How long a wait for the calendar goes without looking at it.
constexpr Duration look_again = std::chrono::minutes(5);

}  // namespace

class VirtualTimer::Wait final : public detail::IoOperation<>, public detail::ListLink<WaitTag> {
 public:
  Wait(detail::Ref<VirtualTimer> timer, Done done)
      : IoOperation(timer->loop_, std::move(done)), timer_(std::move(timer)) {
    timer_->waits_.push_back(*this);
  }
  std::string description() const override { return "wait for an Asio timer"; }

 private:
  void release_resources() noexcept override {
    ListLink<WaitTag>::leave();
    if (timer_->waits_.empty()) timer_->call_.cancel();
  }

  const detail::Ref<VirtualTimer> timer_;
};

VirtualTimer::VirtualTimer(Loop& loop) noexcept : loop_(loop) {}

VirtualTimer::~VirtualTimer() = default;

Operation VirtualTimer::wait(TimePoint when, Done done) {
  return wait_until(when, std::move(done));
}

Operation VirtualTimer::wait(WallTime when, Done done) {
  return wait_until(when, std::move(done));
}

Operation VirtualTimer::wait_until(When when, Done done) {
  const bool first = waits_.empty();
  const auto operation = detail::make_ref<Wait>(detail::Ref<VirtualTimer>(this), std::move(done));
  when_ = when;
  if (first) arm();
  return Operation(operation);
}

void VirtualTimer::arm() {
  if (when_ == When(TimePoint::max()) || when_ == When(WallTime::max())) return;  // never
  TimePoint next{};
  if (const auto* time = std::get_if<TimePoint>(&when_)) {
    next = *time;
  } else {
    const WallTime until = std::get<WallTime>(when_);
    const WallTime now = loop_.wall_time();
    next =
        saturating_add(loop_.time(), until > now ? std::min<Duration>(until - now, look_again) : Duration{});
  }
  call_ = loop_.call_at(next, [self = detail::Ref<VirtualTimer>(this)] { self->fire(); });
}

void VirtualTimer::fire() {
  // A calendar may go slower than the clock, or be stepped.
  if (const auto* until = std::get_if<WallTime>(&when_); until && loop_.wall_time() < *until) {
    arm();
    return;
  }
  // All of them end, before the first handler can cancel the others.
  while (!waits_.empty()) waits_.front().complete_soon({});
}

std::size_t VirtualTimer::cancel() {
  std::size_t count = 0;
  while (cancel_one() != 0) ++count;
  return count;
}

std::size_t VirtualTimer::cancel_one() {
  if (waits_.empty()) return 0;
  waits_.front().cancel(make_error(errc::operation_canceled));
  return 1;
}

Loop* simulated_loop(boost::asio::execution_context& context) {
  if (!boost::asio::has_service<detail::SimulatedMark>(context)) return nullptr;
  return boost::asio::use_service<detail::LoopMark>(context).loop.load(std::memory_order_relaxed);
}

void refuse_to_block(const Loop& loop) {
  throw std::logic_error("a timer on the simulated loop of host \"" + loop.name() +
                         "\" cannot be waited for by blocking: use async_wait");
}

}  // namespace twinwire::sim
