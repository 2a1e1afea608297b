#include <twinwire/net/asio/io_operation.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/sim/asio/virtual_timer.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace twinwire::sim {

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

Operation VirtualTimer::wait(TimePoint when, UniqueFunction<void(error_code)> done) {
  const bool first = waits_.empty();
  const auto operation = detail::make_ref<Wait>(detail::Ref<VirtualTimer>(this), std::move(done));
  if (first) call_ = loop_.call_at(when, [self = detail::Ref<VirtualTimer>(this)] { self->fire(); });
  return Operation(operation);
}

/// All of them have ended, before the first handler can cancel the others.
void VirtualTimer::fire() {
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
