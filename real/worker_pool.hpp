// Threads for work that would block a loop.
#pragma once

#include <twinwire/net/callback.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace twinwire::real {

/// Starts a thread when a job comes and none is idle, up to a limit, and keeps it. Used from one thread.
class WorkerPool {
 public:
  /// `threads_max` 0: four more than there are processors, at most 32, as most of them wait.
  explicit WorkerPool(std::size_t threads_max);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool() { stop(); }
  /// Waits for the jobs that run, and drops those that have not begun, on this thread. No job comes after it.
  void stop() noexcept;

  /// Runs a job that does not throw on one of the threads. Throws OperationError if there is none and none
  /// can be started.
  void submit(Callback job);

 private:
  void work();
  void start_thread();

  const std::size_t threads_max_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Callback> jobs_;  ///< guarded by mutex_
  std::size_t idle_ = 0;       ///< guarded by mutex_: threads that wait for a job
  bool stopping_ = false;      ///< guarded by mutex_
};

}  // namespace twinwire::real
