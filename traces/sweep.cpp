#include <twinwire/traces/interruption.hpp>
#include <twinwire/traces/sweep.hpp>

#include <algorithm>
#include <poll.h>
#include <system_error>
#include <thread>

namespace twinwire::traces {
namespace {

/// Seeds per assignment: enough that workers seldom wait, few enough that little is in doubt when all is
/// killed, and that a small sweep keeps everybody busy.
constexpr std::uint64_t chunk_max = 64;
constexpr std::uint64_t chunks_per_worker = 8;

std::uint64_t chunk_for(const ExploreOptions& options, unsigned jobs) {
  if (options.isolate) return 1;
  return std::clamp<std::uint64_t>(options.seeds() / (jobs * chunks_per_worker), 1, chunk_max);
}

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
      chunk_(chunk_for(options, jobs_)),
      next_seed_(options.first_seed) {}

bool Sweep::run() {
  while (!interruption_requested()) {
    staff();
    if (workers_.empty()) return jobs_ != 0;
    wait_for_news();
    for (const auto& worker : workers_) worker->patience.enforce(worker->child);
  }
  workers_.clear();
  return false;
}

/// As many workers as there are jobs and work for them.
void Sweep::staff() {
  while (workers_.size() < jobs_ && !stopping_ && (seeds_left_ || !returned_.empty())) {
    std::unique_ptr<Worker> worker = hire();
    if (!worker || !give_work(*worker)) continue;
    workers_.push_back(std::move(worker));
    begun_ = true;
  }
}

/// A new worker. Null if the system has no more to give: those that are there do the work then.
std::unique_ptr<Sweep::Worker> Sweep::hire() {
  try {
    return std::make_unique<Worker>(Child::fork_worker(run_seed_, options_.stop_at_first_failure),
                                    options_.timeout);
  } catch (const std::system_error& error) {
    if (!begun_) throw std::system_error(error.code(), "cannot start a worker process");
    const auto there = static_cast<unsigned>(workers_.size());
    if (listener_) listener_->on_fewer_workers(there, jobs_, error.code().message());
    jobs_ = there;
    return nullptr;
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
  worker.child.assign(worker.left->first, worker.left->second);
  return true;
}

void Sweep::wait_for_news() {
  std::vector<pollfd> ready;
  auto wait = std::chrono::milliseconds::max();
  for (const auto& worker : workers_) {
    ready.push_back({worker->child.descriptor(), POLLIN, 0});
    wait = std::min(wait, worker->patience.wait_max());
  }
  if (::poll(ready.data(), ready.size(), static_cast<int>(wait.count())) <= 0) return;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (ready[i].revents == 0) continue;
    Worker& worker = *workers_[i];
    for (ChildMessage& message : worker.child.receive()) {
      if (stopping_ && !worker.running) break;  // it has begun a seed before it could know
      handle(worker, message);
    }
  }
  std::erase_if(workers_,
                [&](const auto& worker) { return worker->retiring || (stopping_ && !worker->running); });
}

void Sweep::handle(Worker& worker, ChildMessage& message) {
  switch (message.kind) {
    case ChildMessage::Kind::started:
      worker.running = true;
      worker.patience.begin(message.seed);
      break;
    case ChildMessage::Kind::outcome:
      if (is_awaited(worker, message.outcome)) finished(worker, std::move(message.outcome));
      break;
    case ChildMessage::Kind::idle:
      if (options_.isolate || !give_work(worker)) worker.retiring = true;
      break;
    case ChildMessage::Kind::gone:
      if (!worker.retiring) lost(worker);
      break;
    case ChildMessage::Kind::logged:  // which these are not asked for
      break;
  }
}

/// Not so are the last words of a worker that was interrupted too late, when the run that had taken too long
/// was over: they are about no run, or about the next one, which hangs no more than others.
bool Sweep::is_awaited(const Worker& worker, const RunOutcome& outcome) {
  if (!worker.running || !worker.left || worker.left->first != outcome.seed) return false;
  const std::optional<std::uint64_t> hung = worker.patience.exceeded_by();
  return !hung || *hung == outcome.seed || outcome.signature.kind != "hang";
}

void Sweep::finished(Worker& worker, RunOutcome outcome) {
  worker.running = false;
  worker.patience.end();
  if (worker.left->first == worker.left->second) {
    worker.left.reset();
  } else {
    ++worker.left->first;
  }
  on_outcome_(std::move(outcome));
}

/// A worker is gone: its seed failed, the seeds that it had not begun go to others.
void Sweep::lost(Worker& worker) {
  worker.retiring = true;
  const std::string how = worker.child.wait_status();
  const std::optional<std::uint64_t> hung = worker.patience.exceeded_by();
  if (worker.left && worker.running) {
    const std::uint64_t seed = worker.left->first;
    if (!hung) {
      finished(worker, silent_end(seed, how));
    } else if (*hung == seed) {
      finished(worker, silent_hang(seed));
    }  // or else it was ended because of an earlier seed, and this one is begun again
  }
  if (worker.left) returned_.push_back(*worker.left);
}

}  // namespace twinwire::traces
