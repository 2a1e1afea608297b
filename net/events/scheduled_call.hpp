// A callback that a loop was asked to run, and the handle that can cancel it.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/events/event_queue.hpp>
#include <twinwire/net/ref.hpp>

#include <memory>
#include <vector>

namespace twinwire {

class Loop;

namespace detail {

/// One call_soon, call_later or call_at. Comes from its loop's pool and goes back there.
class ScheduledCall final : public RefCounted, public Event {
 public:
  /// Its deadline has come: moves to the loop's ready queue.
  void fire() override;

 private:
  friend class twinwire::Loop;
  friend class ReadyQueue;
  friend class CallPool;
  void destroy() const noexcept override;

  enum class State : std::uint8_t { idle, waiting, ready, cancelled };

  Loop* loop_ = nullptr;  ///< valid while waiting or ready
  class CallPool* pool_ = nullptr;
  ScheduledCall* next_ready_ = nullptr;
  Callback callback_;
  TimePoint deadline_{};
  State state_ = State::idle;

 public:
  bool cancelled() const noexcept { return state_ == State::cancelled; }
  TimePoint deadline() const noexcept { return deadline_; }
  void cancel_call() noexcept;
};

/// Calls that are ready to run, first in, first out. It owns a reference to each.
class ReadyQueue {
 public:
  ~ReadyQueue() {
    while (!empty()) pop();
  }
  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  void push(Ref<ScheduledCall> call) noexcept {
    ScheduledCall* raw = call.get();
    raw->add_ref();
    raw->next_ready_ = nullptr;
    (tail_ ? tail_->next_ready_ : head_) = raw;
    tail_ = raw;
    ++size_;
  }
  Ref<ScheduledCall> pop() noexcept {
    ScheduledCall* raw = head_;
    head_ = raw->next_ready_;
    if (!head_) tail_ = nullptr;
    --size_;
    Ref<ScheduledCall> call(raw);
    raw->release_ref();
    return call;
  }

 private:
  ScheduledCall* head_ = nullptr;
  ScheduledCall* tail_ = nullptr;
  std::size_t size_ = 0;
};

/// All calls of a loop: those that are scheduled, and free ones for reuse. It lives until its loop and the
/// last call from it are gone.
class CallPool {
 public:
  CallPool() = default;
  CallPool(const CallPool&) = delete;
  CallPool& operator=(const CallPool&) = delete;
  Ref<ScheduledCall> take(Loop& loop, Callback callback);
  void put(ScheduledCall& call) noexcept;
  /// Calls `visit` for each whose time has not come. A list of them would cost a busy loop with many timers
  /// more than all the rest; this looks at every call there has been, and is for a loop's end.
  template <class F>
  void for_each_waiting(F visit) {
    for (const Block& block : blocks_) {
      for (std::size_t i = 0; i < block.used; ++i) {
        if (block.calls[i].state_ == ScheduledCall::State::waiting) visit(block.calls[i]);
      }
    }
  }
  /// The loop is gone: the pool goes too, when its last call does.
  void retire() noexcept;

 private:
  struct Block {
    std::unique_ptr<ScheduledCall[]> calls;
    std::size_t size;
    std::size_t used;
  };

  ~CallPool() = default;
  ScheduledCall& make();

  std::vector<Block> blocks_;
  ScheduledCall* free_ = nullptr;
  std::size_t in_use_ = 0;
  bool retired_ = false;
};

}  // namespace detail

/// Cancels a scheduled callback. A counted handle; safe to keep for as long as one likes. Loop thread only.
class Handle {
 public:
  Handle() = default;
  explicit Handle(detail::Ref<detail::ScheduledCall> call) noexcept : call_(std::move(call)) {}

  /// Prevents the call if it has not begun. Harmless at any time.
  void cancel() const noexcept {
    if (call_) call_->cancel_call();
  }
  bool cancelled() const noexcept { return call_ && call_->cancelled(); }
  /// When it is due; meaningful for call_later and call_at.
  TimePoint when() const noexcept { return call_ ? call_->deadline() : TimePoint{}; }

 private:
  detail::Ref<detail::ScheduledCall> call_;
};

}  // namespace twinwire
