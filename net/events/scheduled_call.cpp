#include <twinwire/net/events/scheduled_call.hpp>
#include <twinwire/net/loop.hpp>

#include <algorithm>

namespace twinwire::detail {

void ScheduledCall::fire() {
  loop_->make_ready(*this);
}

void ScheduledCall::destroy() const noexcept {
  pool_->put(const_cast<ScheduledCall&>(*this));
}

void ScheduledCall::cancel_call() noexcept {
  if (state_ != State::waiting && state_ != State::ready) return;
  const bool was_waiting = state_ == State::waiting;
  state_ = State::cancelled;
  const Callback dropped = std::move(callback_);
  if (was_waiting) {
    cancel();
    release_ref();  // the loop's
  }
}

Ref<ScheduledCall> CallPool::take(Loop& loop, Callback callback) {
  ScheduledCall* call = free_;
  if (call) {
    free_ = call->next_ready_;
  } else {
    call = &make();
    call->pool_ = this;
  }
  ++in_use_;
  call->loop_ = &loop;
  call->callback_ = std::move(callback);
  call->state_ = ScheduledCall::State::idle;
  return Ref<ScheduledCall>(call);
}

void CallPool::put(ScheduledCall& call) noexcept {
  call.cancel();
  call.callback_.reset();
  call.next_ready_ = free_;
  free_ = &call;
  --in_use_;
  if (retired_ && in_use_ == 0) delete this;
}

void CallPool::retire() noexcept {
  retired_ = true;
  if (in_use_ == 0) delete this;
}

ScheduledCall& CallPool::make() {
  constexpr std::size_t first_block = 4;
  constexpr std::size_t largest_block = 4096;
  if (blocks_.empty() || blocks_.back().used == blocks_.back().size) {
    const std::size_t size = blocks_.empty() ? first_block : std::min(2 * blocks_.back().size, largest_block);
    blocks_.push_back({std::make_unique<ScheduledCall[]>(size), size, 0});
  }
  Block& block = blocks_.back();
  return block.calls[block.used++];
}

}  // namespace twinwire::detail
