// The life of an operation that has a completion, written once for all of them.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/operation.hpp>

#include <exception>
#include <string>
#include <utility>

namespace twinwire::detail {

/// Whatever ends it first (success, failure, cancellation, the end of the loop) decides; the completion is
/// called once, from the loop, and let go of before it runs, so that one which owns its own operation does
/// not keep it for ever. An empty completion stands for "I do not care": a failure then goes to the exception
/// handler. `Values` are default-constructed in a completion that tells of a failure.
template <class... Values>
class CompletingOperation : public OperationState {
 public:
  using Done = UniqueFunction<void(std::exception_ptr, Values...)>;

  CompletingOperation(Loop& loop, Done done, std::string description = {})
      : OperationState(loop, std::move(description)), done_(std::move(done)) {}

  bool ended() const noexcept { return ended_; }

  /// Completes now: only from a callback of the loop. Does nothing once it has ended.
  void complete(std::exception_ptr failure, Values... values) {
    if (ended_) return;
    const auto keep = finish();
    call(std::move(failure), std::move(values)...);
  }
  /// Completes in the next turn, and counts as ended from now on.
  void complete_soon(std::exception_ptr failure, Values... values) {
    if (ended_) return;
    const auto keep = finish();
    loop().call_soon(
        [self = Ref<CompletingOperation>(this), failure = std::move(failure),
         ... values = std::move(values)]() mutable { self->call(std::move(failure), std::move(values)...); });
  }
  void fail(error_code error) { complete(operation_failure(error, description()), Values{}...); }

 protected:
  /// It has ended: lets go of look-ups, timers and sockets that are not going to be used. Called once.
  virtual void release_resources() noexcept {}
  void do_cancel(error_code reason) override {
    complete_soon(operation_failure(reason, description()), Values{}...);
  }

 private:
  void abandon() noexcept final {
    if (!ended_) static_cast<void>(finish());
    done_.reset();
  }

  Ref<OperationState> finish() noexcept {
    ended_ = true;
    Ref<OperationState> self = end();
    release_resources();
    return self;
  }

  void call(std::exception_ptr failure, Values... values) {
    Done done = std::move(done_);
    if (done) {
      loop().guard([&] { done(std::move(failure), std::move(values)...); },
                   "a completion threw an exception");
    } else if (failure) {
      loop().call_exception_handler({description() + " failed, and nobody waits for it", failure, {}, {}});
    }
  }

  Done done_;
  bool ended_ = false;
};

}  // namespace twinwire::detail
