// The executor itself, for those headers that Asio's own ones must be able to include. Others include
// <twinwire/net/executor.hpp>.
#pragma once

#include <twinwire/net/loop.hpp>

#include <atomic>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

namespace twinwire {

/// Runs functions on a loop, in the order in which they came. On the thread that runs the loop, while it
/// does, they come as by call_soon; from anywhere else as by call_soon_threadsafe, and as safely. That holds
/// for the thread that made the loop, too, until it runs it: call_soon and this are two queues there. It must
/// not be used after its loop is gone.
class Executor {
 public:
  explicit Executor(Loop& loop) noexcept : loop_(&loop) {}

  Loop& loop() const noexcept { return *loop_; }

  /// Throws OperationError when it is asked for the first time, and the system has no descriptor left.
  boost::asio::execution_context& query(boost::asio::execution::context_t) const;
  static constexpr boost::asio::execution::outstanding_work_t query(
      boost::asio::execution::outstanding_work_t) noexcept {
    return boost::asio::execution::outstanding_work.untracked;
  }
  boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
    if (may_run_inline_) return boost::asio::execution::blocking.possibly;
    return boost::asio::execution::blocking.never;
  }
  Executor require(boost::asio::execution::blocking_t::possibly_t) const noexcept { return {*loop_, true}; }
  Executor require(boost::asio::execution::blocking_t::never_t) const noexcept { return {*loop_, false}; }

  template <class F>
  void execute(F&& function) const {
    if (!loop_->backend().on_loop_thread()) {
      loop_->call_soon_threadsafe(std::forward<F>(function));
    } else if (may_run_inline_ && loop_->in_callback()) {
      std::decay_t<F> local(std::forward<F>(function));
      local();
    } else {
      loop_->call_soon(std::forward<F>(function));
    }
  }

  bool operator==(const Executor&) const noexcept = default;

 private:
  Executor(Loop& loop, bool may_run_inline) noexcept : loop_(&loop), may_run_inline_(may_run_inline) {}

  Loop* loop_;
  bool may_run_inline_ = true;
};

inline Executor Loop::get_executor() noexcept {
  return Executor(*this);
}

/// The loop behind an executor that was made from one: its own, a strand over it, any_io_executor with
/// either. Throws std::logic_error for any other.
Loop& loop_of(const boost::asio::any_io_executor& executor);

namespace detail {

/// Tells which loop an execution context belongs to.
class LoopMark : public boost::asio::execution_context::service {
 public:
  using key_type = LoopMark;
  static boost::asio::execution_context::id id;
  explicit LoopMark(boost::asio::execution_context& context) : service(context) {}
  std::atomic<Loop*> loop = nullptr;

 private:
  void shutdown() override {}
};

/// Marks an execution context that must not reach for the operating system.
class SimulatedMark : public boost::asio::execution_context::service {
 public:
  using key_type = SimulatedMark;
  static boost::asio::execution_context::id id;
  explicit SimulatedMark(boost::asio::execution_context& context) : service(context) {}
  std::string host;

 private:
  void shutdown() override {}
};

/// Throws std::logic_error when `context` is a simulated one; `what` names the object that was constructed.
void forbid_on_simulated(boost::asio::execution_context& context, const char* what);

}  // namespace detail
}  // namespace twinwire
