// Asynchronous operations in progress: how they complete, are cancelled, and are reported when they hang.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/ref.hpp>

#include <exception>
#include <memory>
#include <string>

namespace twinwire {

class Loop;

/// Called once, from the loop, never from inside the call that began the operation. The exception is null on
/// success; otherwise it is an OperationError, or what user code that ran for the operation threw.
template <class T>
using Completion = UniqueFunction<void(std::exception_ptr, T)>;
using VoidCompletion = UniqueFunction<void(std::exception_ptr)>;

namespace detail {

template <class R>
struct CompletionFor {
  using type = Completion<R>;
};
template <>
struct CompletionFor<void> {
  using type = VoidCompletion;
};
template <class R>
using CompletionOf = typename CompletionFor<R>::type;

struct OperationTag;

/// An operation that has not completed. Until then its loop lists it and keeps it alive.
class OperationState : public RefCounted, public ListLink<OperationTag> {
 public:
  explicit OperationState(Loop& loop);
  OperationState(Loop& loop, std::string description);

  /// Ends it with `reason`; the completion comes later, from the loop. Does nothing once it has ended.
  void cancel(error_code reason) {
    if (loop_) do_cancel(reason);
  }
  /// The loop goes away: lets go of everything, the completion included, without calling it.
  void detach() noexcept {
    const auto keep = end();
    loop_ = nullptr;
    abandon();
  }

  /// "connect to server:80", for reports. Operations of the hot path compose theirs only when asked.
  virtual std::string description() const { return description_; }
  /// A background operation does not count as a deadlock when it is still pending at the end.
  bool background() const noexcept { return background_; }
  void set_background(bool background = true) noexcept { background_ = background; }

 protected:
  /// Leaves the loop's list. The result keeps the operation alive for the caller's remaining steps.
  [[nodiscard]] Ref<OperationState> end() noexcept {
    Ref<OperationState> self(this);
    if (linked()) {
      leave();
      release_ref();
    }
    return self;
  }
  virtual void do_cancel(error_code reason) = 0;
  virtual void abandon() noexcept = 0;
  Loop& loop() const noexcept { return *loop_; }

 private:
  Loop* loop_;
  std::string description_;
  bool background_ = false;
};

}  // namespace detail

/// A pending operation, to cancel it with. A counted handle. Loop thread only.
class Operation {
 public:
  Operation() = default;
  explicit Operation(detail::Ref<detail::OperationState> state) noexcept : state_(std::move(state)) {}

  /// Ends the operation with operation_aborted, unless it has ended. Its completion is still called.
  void cancel() const {
    if (state_) state_->cancel(make_error(errc::operation_canceled));
  }
  /// Does not count as a deadlock when it is still pending at the end of a simulation.
  void set_background() const noexcept {
    if (state_) state_->set_background();
  }
  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

  /// For the library's own layers.
  const detail::Ref<detail::OperationState>& state() const noexcept { return state_; }

 private:
  detail::Ref<detail::OperationState> state_;
};

}  // namespace twinwire
