// What other threads ask a loop to call.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/real/poller.hpp>

#include <atomic>
#include <mutex>
#include <vector>

namespace twinwire {
class Loop;
}

namespace twinwire::real {

/// A queue with one reader, and an eventfd that wakes it:
/// https://man7.org/linux/man-pages/man2/eventfd.2.html
class Inbox final : public PollEntry {
 public:
  /// Throws OperationError when the system has no descriptor left.
  explicit Inbox(twinwire::detail::Ref<Poller> poller);
  ~Inbox();

  /// From any thread. `wake` is false only on the thread that reads right now, which looks before it waits.
  void put(Callback callback, bool wake);
  /// Loop thread: whether drain() has something to do.
  bool pending() const noexcept { return pending_.load(std::memory_order_acquire); }
  /// Loop thread: hands everything to call_soon.
  void drain(Loop& loop);
  /// Loop thread: drops everything.
  void clear() noexcept;

  void on_events(std::uint32_t events) override;

 private:
  twinwire::detail::Ref<Poller> poller_;
  Descriptor event_;
  std::mutex mutex_;
  std::vector<Callback> callbacks_;  ///< guarded by mutex_
  std::atomic<bool> pending_ = false;
  std::vector<Callback> taken_;  ///< the memory of the last drain, for the next one
};

}  // namespace twinwire::real
