// How a completion handler of Asio becomes the completion of an operation, and its slot what cancels it.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/loop_executor.hpp>
#include <twinwire/net/operations/operation.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/prefer.hpp>

namespace twinwire::detail {

/// What an operation completes with that yields `R`.
template <class R>
struct SignatureFor {
  using type = void(std::exception_ptr, R);
};
template <>
struct SignatureFor<void> {
  using type = void(std::exception_ptr);
};
template <class R>
using SignatureOf = typename SignatureFor<R>::type;

/// Whether a handler that belongs to `executor` may be called straight from a callback of the loop: to
/// dispatch it would come to the same, for more work.
template <class E>
bool runs_on(Loop& loop, const E& executor) noexcept {
  if constexpr (std::is_convertible_v<const E&, const Executor&>) {
    return static_cast<const Executor&>(executor) == loop.get_executor();
  } else if constexpr (std::is_same_v<E, boost::asio::any_io_executor>) {
    const auto* own = executor.template target<Executor>();
    return own && *own == loop.get_executor();
  } else {
    return false;
  }
}

/// What a cancellation slot knows of an operation: where it is, while its completion exists. It does not own
/// the operation, whose handler may well own the slot.
class CancelTarget : public RefCounted {
 public:
  OperationState* operation = nullptr;
};

/// The end of a slot that lies in the operation. Disconnected when the completion is called or destroyed.
class SlotLink {
 public:
  explicit SlotLink(boost::asio::cancellation_slot slot) : slot_(slot) {
    if (slot_.is_connected()) target_ = make_ref<CancelTarget>();
  }
  SlotLink(SlotLink&&) noexcept = default;
  SlotLink& operator=(SlotLink&&) = delete;
  ~SlotLink() {
    if (target_) target_->operation = nullptr;
  }

  const Ref<CancelTarget>& target() const noexcept { return target_; }
  /// The operation has ended. Its signal exists still, which is not so when it is destroyed uncalled.
  void disconnect() {
    if (!target_) return;
    target_->operation = nullptr;
    slot_.clear();
  }

 private:
  boost::asio::cancellation_slot slot_;
  Ref<CancelTarget> target_;
};

/// Calls a handler that belongs to the loop itself, once.
template <class Handler>
class LocalCompletion {
 public:
  LocalCompletion(Handler handler, SlotLink link) : handler_(std::move(handler)), link_(std::move(link)) {}

  template <class... Values>
  void operator()(Values&&... values) {
    Handler handler(std::move(handler_));
    link_.disconnect();
    std::move(handler)(std::forward<Values>(values)...);
  }

 private:
  Handler handler_;
  SlotLink link_;
};

/// Hands a handler over to an executor of its own, which is kept from running out of work until then.
template <class Handler, class HandlerExecutor>
class RemoteCompletion {
 public:
  RemoteCompletion(Handler handler, SlotLink link, const HandlerExecutor& executor)
      : handler_(std::move(handler)),
        link_(std::move(link)),
        executor_(boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked)) {}

  template <class... Values>
  void operator()(Values&&... values) {
    link_.disconnect();
    const auto allocator = boost::asio::get_associated_allocator(handler_);
    auto call = [handler = std::move(handler_),
                 ... values = std::decay_t<Values>(std::forward<Values>(values))]() mutable {
      std::move(handler)(std::move(values)...);
    };
    const auto executor = std::move(executor_);
    boost::asio::dispatch(executor, boost::asio::bind_allocator(allocator, std::move(call)));
  }

 private:
  using Tracked = std::decay_t<typename boost::asio::prefer_result<
      const HandlerExecutor&, boost::asio::execution::outstanding_work_t::tracked_t>::type>;
  Handler handler_;
  SlotLink link_;
  Tracked executor_;
};

/// Makes a completion of a handler: it runs through the handler's executor, or else through `otherwise`.
/// `start` is called with it and returns the Operation. Emitting the signal of the handler's slot, of
/// whatever kind, cancels that from then on.
template <class IoExecutor, class Handler, class Start>
void start_with(Loop& loop, const IoExecutor& otherwise, Handler&& handler, Start&& start) {
  auto slot = boost::asio::get_associated_cancellation_slot(handler);
  const auto executor = boost::asio::get_associated_executor(handler, otherwise);
  using HandlerType = std::decay_t<Handler>;
  SlotLink link(slot);
  const Ref<CancelTarget> target = link.target();
  Operation operation;
  if (runs_on(loop, executor)) {
    operation = start(LocalCompletion<HandlerType>(std::forward<Handler>(handler), std::move(link)));
  } else {
    operation = start(RemoteCompletion<HandlerType, std::decay_t<decltype(executor)>>(
        std::forward<Handler>(handler), std::move(link), executor));
  }
  if (!target || !operation) return;
  target->operation = operation.state().get();
  slot.assign([target](boost::asio::cancellation_type_t) {
    if (target->operation) target->operation->cancel(make_error(errc::operation_canceled));
  });
}

/// What begins an operation when its token wants it to. `start` is called with the completion, returns the
/// Operation, and must not throw.
class Initiation {
 public:
  using executor_type = Executor;
  explicit Initiation(Loop& loop) noexcept : loop_(&loop) {}
  executor_type get_executor() const noexcept { return loop_->get_executor(); }

  template <class Handler, class Start>
  void operator()(Handler&& handler, Start&& start) const {
    start_with(*loop_, get_executor(), std::forward<Handler>(handler), std::forward<Start>(start));
  }

 private:
  Loop* loop_;
};

/// Begins an operation that cannot be misused, so that beginning it does not throw.
template <class Signature, class Token, class Start>
auto initiate(Loop& loop, Token&& token, Start start) {
  return boost::asio::async_initiate<Token, Signature>(Initiation(loop), token, std::move(start));
}

/// As Initiation, for a `start` that throws for misuse. A coroutine that awaits the operation is suspended by
/// then, and nothing but a completion gets through to it: so what is thrown becomes the failure.
template <class Result>
class CheckedInitiation {
 public:
  using executor_type = Executor;
  explicit CheckedInitiation(Loop& loop) noexcept : loop_(&loop) {}
  executor_type get_executor() const noexcept { return loop_->get_executor(); }

  template <class Handler, class Start>
  void operator()(Handler&& handler, Start&& start) const {
    const auto allocator = boost::asio::get_associated_allocator(handler);
    start_with(*loop_, get_executor(), std::forward<Handler>(handler), [&](auto completion) {
      return start_checked(std::allocate_shared<decltype(completion)>(allocator, std::move(completion)),
                           start);
    });
  }

 private:
  template <class Shared, class Start>
  Operation start_checked(const Shared& shared, Start& start) const {
    try {
      return start(CompletionOf<Result>(
          [shared](auto&&... outcome) { (*shared)(std::forward<decltype(outcome)>(outcome)...); }));
    } catch (...) {
      if (loop_->is_closed()) throw;
      loop_->call_soon([shared, failure = std::current_exception()] {
        if constexpr (std::is_void_v<Result>) {
          (*shared)(failure);
        } else {
          (*shared)(failure, Result{});
        }
      });
      return {};
    }
  }

  Loop* loop_;
};

/// Begins an operation that completes with `(std::exception_ptr, Result)`, or without the latter for void.
template <class Result, class Token, class Start>
auto initiate_checked(Loop& loop, Token&& token, Start start) {
  return boost::asio::async_initiate<Token, SignatureOf<Result>>(CheckedInitiation<Result>(loop), token,
                                                                 std::move(start));
}

}  // namespace twinwire::detail
