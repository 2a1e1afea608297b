#include <twinwire/net/loop.hpp>
#include <twinwire/net/wait_operation.hpp>

namespace twinwire::detail {

WaitOperation::WaitOperation(Loop& loop, VoidCompletion done, std::string description)
    : OperationState(loop, std::move(description)), done_(std::move(done)) {
  set_background();
}

void WaitOperation::complete(std::exception_ptr failure) {
  if (ended_) return;
  const auto keep = leave_lists();
  call(std::move(failure));
}

void WaitOperation::complete_soon(std::exception_ptr failure) {
  if (ended_) return;
  const auto keep = leave_lists();
  loop().call_soon([self = Ref<WaitOperation>(this), failure = std::move(failure)]() mutable {
    self->call(std::move(failure));
  });
}

void WaitOperation::call(std::exception_ptr failure) {
  loop().guard([&] { done_(std::move(failure)); }, "a completion threw an exception");
}

Ref<OperationState> WaitOperation::leave_lists() noexcept {
  ended_ = true;
  Ref<OperationState> self = end();
  ListLink<WaiterTag>::leave();
  stop_waiting();
  return self;
}

void WaitOperation::abandon() noexcept {
  if (!ended_) static_cast<void>(leave_lists());
  done_.reset();
}

}  // namespace twinwire::detail
