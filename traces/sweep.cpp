#include <twinwire/traces/sweep.hpp>

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <thread>

namespace twinwire::traces {
namespace {

/// Seeds per assignment: enough that workers seldom wait, few enough that little is in doubt when all is
/// killed.
constexpr std::uint64_t chunk_size = 64;
constexpr auto interrupted_grace = std::chrono::seconds(5);

volatile std::sig_atomic_t stop_signal = 0;

/// Notes SIGINT and SIGTERM while it lives.
class SignalGuard {
 public:
  SignalGuard() {
    stop_signal = 0;
    struct sigaction action{};
    action.sa_handler = [](int number) { stop_signal = number; };
    ::sigaction(SIGINT, &action, &old_int_);
    ::sigaction(SIGTERM, &action, &old_term_);
    // A worker that dies must not take this process along when work is written to it.
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, &old_pipe_);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  ~SignalGuard() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
    ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  }

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
  struct sigaction old_pipe_{};
};

}  // namespace

Sweep::Sweep(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
             ExploreListener* listener, OnOutcome on_outcome)
    : options_(options),
      listener_(listener),
      on_outcome_(std::move(on_outcome)),
      run_seed_([&scenario, &arguments](std::uint64_t seed) {
        return run_scenario(scenario, arguments, {seed, Base::seed, {}, false});
      }),
      jobs_(options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency())),
      chunk_(options.isolate ? 1 : chunk_size),
      next_seed_(options.first_seed) {}

bool Sweep::run() {
  const SignalGuard guard;
  while (stop_signal == 0) {
    staff();
    if (workers_.empty()) return true;
    wait_for_news();
    check_deadlines();
  }
  workers_.clear();
  return false;
}

/// As many workers as there are jobs and work for them.
void Sweep::staff() {
  while (workers_.size() < jobs_ && !stopping_ && (seeds_left_ || !returned_.empty())) {
    auto worker = std::make_unique<Worker>(Child::fork_worker(run_seed_));
    if (give_work(*worker)) workers_.push_back(std::move(worker));
  }
}

std::optional<Sweep::SeedRange> Sweep::next_range() {
  if (stopping_) return std::nullopt;
  if (!returned_.empty()) {
    const SeedRange range = returned_.front();
    returned_.pop_front();
    return range;
  }
  if (!seeds_left_) return std::nullopt;
  const std::uint64_t rest = options_.last_seed - next_seed_;
  const SeedRange range{next_seed_, next_seed_ + std::min(rest, chunk_ - 1)};
  seeds_left_ = range.second != options_.last_seed;
  next_seed_ = range.second + 1;
  return range;
}

bool Sweep::give_work(Worker& worker) {
  worker.left = next_range();
  if (!worker.left) return false;
  if (listener_) listener_->on_assigned(worker.left->first, worker.left->second);
  worker.deadline = Clock::now() + options_.timeout;
  worker.child.assign(worker.left->first, worker.left->second);
  return true;
}

void Sweep::wait_for_news() {
  std::vector<pollfd> ready;
  for (const auto& worker : workers_) ready.push_back({worker->child.descriptor(), POLLIN, 0});
  if (::poll(ready.data(), ready.size(), 100) <= 0) return;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (ready[i].revents == 0) continue;
    Worker& worker = *workers_[i];
    for (ChildMessage& message : worker.child.receive()) handle(worker, message);
  }
  std::erase_if(workers_, [](const auto& worker) { return worker->retiring; });
}

void Sweep::handle(Worker& worker, ChildMessage& message) {
  switch (message.kind) {
    case ChildMessage::Kind::started:
      worker.running = true;
      worker.deadline = Clock::now() + options_.timeout;
      break;
    case ChildMessage::Kind::outcome:
      finished(worker, std::move(message.outcome));
      break;
    case ChildMessage::Kind::idle:
      if (options_.isolate || !give_work(worker)) worker.retiring = true;
      break;
    case ChildMessage::Kind::gone:
      if (!worker.retiring) lost(worker);
      break;
  }
}

void Sweep::finished(Worker& worker, RunOutcome outcome) {
  worker.running = false;
  if (worker.left && worker.left->first == outcome.seed) {
    if (worker.left->first == worker.left->second) {
      worker.left.reset();
    } else {
      ++worker.left->first;
    }
  }
  on_outcome_(std::move(outcome));
}

/// A worker is gone: its seed failed, the seeds that it had not begun go to others.
void Sweep::lost(Worker& worker) {
  worker.retiring = true;
  const std::string how = worker.child.wait_status();
  if (worker.left && worker.running) {
    RunOutcome outcome = silent_end(worker.left->first, how);
    if (worker.interrupted) outcome.signature.kind = "hang";
    finished(worker, std::move(outcome));
  }
  if (worker.left) returned_.push_back(*worker.left);
}

void Sweep::check_deadlines() {
  const Clock::time_point now = Clock::now();
  for (const auto& worker : workers_) {
    if (!worker->left || now < worker->deadline) continue;
    if (worker->interrupted) {
      worker->child.kill();
    } else {
      worker->child.interrupt();  // it says where it hangs, and ends
    }
    worker->interrupted = true;
    worker->deadline = now + interrupted_grace;
  }
}

}  // namespace twinwire::traces
