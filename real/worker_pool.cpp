#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/worker_pool.hpp>

#include <algorithm>
#include <system_error>

namespace twinwire::real {
namespace {

std::size_t default_threads_max() {
  return std::min<std::size_t>(32, std::max(1u, std::thread::hardware_concurrency()) + std::size_t{4});
}

}  // namespace

WorkerPool::WorkerPool(std::size_t threads_max)
    : threads_max_(threads_max != 0 ? threads_max : default_threads_max()) {}

void WorkerPool::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  jobs_.clear();
}

void WorkerPool::submit(Callback job) {
  bool start = false;
  {
    const std::lock_guard lock(mutex_);
    start = idle_ <= jobs_.size() && threads_.size() < threads_max_;
    jobs_.push_back(std::move(job));
  }
  if (start) start_thread();
  changed_.notify_one();
}

void WorkerPool::start_thread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    if (!threads_.empty()) return;  // those there are will come to it
    std::deque<Callback> dropped;   // after the lock is gone, as it may own what submits more
    const std::lock_guard lock(mutex_);
    dropped.swap(jobs_);
    throw OperationError(system_code(error.code().value()), "start a thread for what would block the loop");
  }
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    --idle_;
    if (stopping_) return;
    Callback job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job.reset();
    lock.lock();
  }
}

}  // namespace twinwire::real
