#include "child.hpp"

#include <csignal>
#include <optional>
#include <utility>

namespace supervisor {
namespace {

std::string in_ms(twinwire::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

Child::Child(twinwire::Loop& loop, ChildSettings settings, ChildListener& listener, const Mistakes& mistakes)
    : loop_(loop),
      settings_(std::move(settings)),
      listener_(listener),
      mistakes_(mistakes),
      policy_(settings_) {}

Child::~Child() {
  timer_.cancel();
  if (run_) run_->drop();
}

bool Child::is_up() const noexcept {
  return state_ == State::starting || state_ == State::running || state_ == State::stopping;
}

// --- what is asked of it ---

void Child::start() {
  state_ = State::starting;
  kill_asked_ = false;
  started_ = loop_.time();
  run_ = std::make_shared<ChildRun>(loop_, *this, mistakes_);
  twinwire::SubprocessOptions options(settings_.program, settings_.arguments);
  options.stdin_stream = twinwire::Redirect::null();
  // Ctrl-C is for us alone, so that we can stop them in their order.
  options.start_new_session = true;
  loop_.subprocess_exec([run = run_] { return run; }, std::move(options),
                        [run = run_](const std::exception_ptr& failure, const twinwire::Subprocess&) {
                          if (failure) run->failed(failure);
                        });
}

void Child::retire() {
  retired_ = true;
  if (state_ != State::waiting && state_ != State::idle) return;
  timer_.cancel();
  state_ = State::over;
}

void Child::stop() {
  retire();
  if (stop_asked_ || !is_up()) return;
  stop_asked_ = true;
  if (state_ == State::running) terminate();
}

void Child::kill() {
  kill_asked_ = true;
  if (run_) run_->send_signal(SIGKILL);
}

void Child::terminate() {
  state_ = State::stopping;
  tell("stopping");
  run_->send_signal(SIGTERM);
  timer_ = loop_.call_later(settings_.stop_timeout, [this] {
    tell("has not stopped within " + in_ms(settings_.stop_timeout) + ": killing it");
    kill();
  });
}

// --- what its process does ---

void Child::started(int pid) {
  state_ = State::running;
  tell("started, process " + std::to_string(pid));
  if (kill_asked_) {
    kill();
  } else if (stop_asked_) {
    terminate();
  }
}

void Child::not_started(const std::string& why) {
  run_is_over(true, "cannot be started: " + why);
}

void Child::said(std::string_view line) {
  listener_.line(settings_.name + " | " + std::string(line));
}

void Child::ended(int returncode) {
  const std::string how = returncode < 0 ? "was ended by signal " + std::to_string(-returncode)
                                         : "ended with status " + std::to_string(returncode);
  run_is_over(returncode != 0, how);
}

void Child::run_is_over(bool failed, const std::string& how) {
  timer_.cancel();
  run_.reset();
  std::optional<twinwire::Duration> pause;
  if (!retired_) pause = policy_.after_end(failed, started_, loop_.time());
  if (pause) {
    state_ = State::waiting;
    tell(how + "; again in " + in_ms(*pause));
    timer_ = loop_.call_later(*pause, [this] { start(); });
    return;
  }
  state_ = State::over;
  // Once all are to stop, each may end as it likes.
  failed_ = failed && !retired_;
  tell(policy_.gave_up() ? how + "; given up, after " + std::to_string(settings_.restarts_max) + " restarts"
                         : how);
  listener_.child_over(*this);
}

void Child::tell(const std::string& what) {
  listener_.line(settings_.name + ": " + what);
}

}  // namespace supervisor
