#include <twinwire/net/cancellation.hpp>
#include <twinwire/net/operations/wait_operation.hpp>
#include <twinwire/net/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace twinwire {
namespace detail {

/// Pending while the coroutine runs. The coroutine's frame owns a reference to it, never the other way
/// round: what owns the frame is what the coroutine waits for.
class TaskState final : public OperationState {
 public:
  /// Told how the coroutine ended: null, or what escaped from it.
  using Done = UniqueFunction<void(const TaskState&, const std::exception_ptr&)>;

  TaskState(Loop& loop, std::string name, Done done)
      : OperationState(loop, "task " + name), home(loop), name(std::move(name)), done_(std::move(done)) {}

  void start(awaitable<void> coroutine) {
    soon_ = home.call_soon([self = Ref<TaskState>(this), coroutine = std::move(coroutine)]() mutable {
      self->begin(std::move(coroutine));
    });
  }
  bool ended() const noexcept { return ended_; }
  /// Whether a failure comes from being cancelled, and so is nobody's fault.
  bool was_cancelled(const std::exception_ptr& failure) const noexcept {
    return cancelled_.failed() && means_cancelled(failure);
  }

  Loop& home;
  const std::string name;
  Waiters waiters;

 private:
  void begin(awaitable<void> coroutine) {
    if (cancelled_.failed()) {
      finish(operation_failure(cancelled_, description()));
      return;
    }
    boost::asio::co_spawn(home.get_executor(), std::move(coroutine),
                          boost::asio::bind_cancellation_slot(
                              signal_.slot(), [self = Ref<TaskState>(this)](std::exception_ptr failure) {
                                self->finish(failure);
                              }));
  }

  void finish(const std::exception_ptr& failure) {
    if (ended_) return;
    ended_ = true;
    const auto keep = end();
    waiters.complete_soon();
    home.guard([&] { done_(*this, failure); }, "a completion threw an exception");
    done_.reset();
  }

  void do_cancel(error_code reason) override {
    if (ended_) return;
    cancelled_ = reason;
    if (home.in_callback()) {
      signal_.emit(boost::asio::cancellation_type::all);
      return;
    }
    // From elsewhere co_spawn would put the emission off, without keeping the signal alive until then.
    home.call_soon([self = Ref<TaskState>(this)] {
      if (!self->ended_) self->signal_.emit(boost::asio::cancellation_type::all);
    });
  }
  void abandon() noexcept override {
    ended_ = true;
    soon_.cancel();
    done_.reset();
  }

  Done done_;
  boost::asio::cancellation_signal signal_;
  Handle soon_;
  error_code cancelled_;
  bool ended_ = false;
};

namespace {

Ref<TaskState> start_task(Loop& loop, awaitable<void> coroutine, std::string name, TaskState::Done done) {
  auto task = make_ref<TaskState>(loop, std::move(name), std::move(done));
  task->start(std::move(coroutine));
  return task;
}

}  // namespace

void run_main(Loop& loop, awaitable<void> coroutine) {
  if (loop.is_closed()) throw std::logic_error("run_until_complete: the loop is closed");
  if (loop.is_running() || loop.in_callback()) {
    throw std::logic_error("run_until_complete: the loop is already running");
  }
  struct Outcome {
    bool ended = false;
    std::exception_ptr failure;
  };
  const auto outcome = std::make_shared<Outcome>();
  start_task(loop, std::move(coroutine), "main",
             [&loop, outcome](const TaskState&, const std::exception_ptr& failure) {
               *outcome = {true, failure};
               loop.stop();
             });
  loop.run_forever();
  if (!outcome->ended) {
    throw std::logic_error("run_until_complete: the loop was stopped before the coroutine had ended");
  }
  if (outcome->failure) std::rethrow_exception(outcome->failure);
}

}  // namespace detail

Task spawn(Loop& loop, awaitable<void> coroutine, std::string name, TaskOptions options) {
  if (loop.is_closed()) throw std::logic_error("spawn: the loop is closed");
  const auto state = detail::start_task(
      loop, std::move(coroutine), std::move(name),
      [&loop](const detail::TaskState& task, const std::exception_ptr& failure) {
        if (!failure || task.was_cancelled(failure)) return;
        loop.call_exception_handler({task.description() + " threw an exception", failure, {}, {}});
      });
  if (options.background) state->set_background();
  return Task(state);
}

Task::Task() = default;
Task::Task(detail::Ref<detail::TaskState> state) : state_(std::move(state)) {}
Task::Task(const Task&) = default;
Task::Task(Task&&) noexcept = default;
Task& Task::operator=(Task other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Task::~Task() = default;

void Task::cancel() const {
  if (state_) state_->cancel(make_error(errc::operation_canceled));
}

bool Task::done() const noexcept {
  return !state_ || state_->ended();
}

const std::string& Task::name() const {
  static const std::string none;
  return state_ ? state_->name : none;
}

void Task::set_background() const noexcept {
  if (state_) state_->set_background();
}

Loop& Task::loop() const {
  if (!state_) throw std::logic_error("there is no task to wait for");
  return state_->home;
}

Operation Task::start_wait(VoidCompletion done) const {
  const auto waiter =
      detail::make_ref<detail::WaitOperation>(state_->home, std::move(done), "wait for task " + state_->name);
  if (state_->ended()) {
    waiter->complete_soon();
  } else {
    state_->waiters.add(*waiter);
  }
  return Operation(waiter);
}

}  // namespace twinwire
