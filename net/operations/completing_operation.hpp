// The life of an operation that has a completion, written once for all of them.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/operation.hpp>

#include <exception>
#include <string>
#include <utility>

namespace twinwire::detail {

/// What all completions have in common: whatever ends the operation first (success, failure, cancellation,
/// the end of the loop) decides; the completion is called once, from the loop, and let go of before it runs,
/// so that one which owns its own operation does not keep it for ever. `Failure` says how it is told of
/// failures; `Values` are default-constructed in a completion that tells of one.
template <class Failure, class... Values>
class EndingOperation : public OperationState {
 public:
  using Done = UniqueFunction<void(Failure, Values...)>;

  EndingOperation(Loop& loop, Done&& done) : OperationState(loop), done_(std::move(done)) {}
  EndingOperation(Loop& loop, Done done, std::string description)
      : OperationState(loop, std::move(description)), done_(std::move(done)) {}

  bool ended() const noexcept { return ended_; }

  /// Completes now: only from a callback of the loop. Does nothing once it has ended.
  void complete(Failure failure, Values... values) {
    if (ended_) return;
    const auto keep = finish();
    call(std::move(failure), std::move(values)...);
  }
  /// Completes in the next turn, and counts as ended from now on.
  void complete_soon(Failure failure, Values... values) {
    if (ended_) return;
    const auto keep = finish();
    loop().call_soon(
        [self = Ref<EndingOperation>(this), failure = std::move(failure),
         ... values = std::move(values)]() mutable { self->call(std::move(failure), std::move(values)...); });
  }

 protected:
  /// What the completion is told when this error ended the operation.
  virtual Failure failure_of(error_code error) const = 0;
  /// It has failed, and has no completion.
  virtual void fail_unheard(const Failure& failure) = 0;
  /// It has ended: lets go of look-ups, timers and sockets that are not going to be used. Called once.
  virtual void release_resources() noexcept {}
  void do_cancel(error_code reason) override { complete_soon(failure_of(reason), Values{}...); }

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

  void call(Failure failure, Values... values) {
    Done done = std::move(done_);
    if (done) {
      loop().guard([&] { done(std::move(failure), std::move(values)...); },
                   "a completion threw an exception");
    } else if (failure) {
      fail_unheard(failure);
    }
  }

  Done done_;
  bool ended_ = false;
};

/// An operation of this library: failures are exceptions that say what was tried. An empty completion stands
/// for "I do not care": a failure then goes to the exception handler.
template <class... Values>
class CompletingOperation : public EndingOperation<std::exception_ptr, Values...> {
 public:
  using Ending = EndingOperation<std::exception_ptr, Values...>;
  using Ending::Ending;
  using typename Ending::Done;

  void fail(error_code error) { this->complete(failure_of(error), Values{}...); }

 protected:
  std::exception_ptr failure_of(error_code error) const final {
    return operation_failure(error, this->description());
  }

 private:
  void fail_unheard(const std::exception_ptr& failure) final {
    this->loop().call_exception_handler(
        {this->description() + " failed, and nobody waits for it", failure, {}, {}});
  }
};

}  // namespace twinwire::detail
