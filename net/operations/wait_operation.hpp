// Waiting for something that its owner announces: the end of a sleep, bytes to read, room to write.
#pragma once

#include <twinwire/net/events/list.hpp>
#include <twinwire/net/operations/completing_operation.hpp>

#include <exception>
#include <string>
#include <utility>

namespace twinwire::detail {

struct WaiterTag;

/// Completes when complete() or complete_soon() is called, or with the reason when it is cancelled. A
/// background operation: that nothing is announced any more is no deadlock by itself; the task that waits is.
class WaitOperation : public CompletingOperation<>, public ListLink<WaiterTag> {
 public:
  WaitOperation(Loop& loop, VoidCompletion done, std::string description = {})
      : CompletingOperation(loop, std::move(done), std::move(description)) {
    set_background();
  }
  void complete(std::exception_ptr failure = nullptr) { CompletingOperation::complete(std::move(failure)); }
  void complete_soon(std::exception_ptr failure = nullptr) {
    CompletingOperation::complete_soon(std::move(failure));
  }

 protected:
  /// It has ended: lets go of what would have announced its end. Called once.
  virtual void stop_waiting() noexcept {}

 private:
  void release_resources() noexcept final {
    ListLink<WaiterTag>::leave();
    stop_waiting();
  }
};

/// Operations that wait for the same thing, in the order in which they began to. Their loop owns them.
class Waiters {
 public:
  void add(WaitOperation& operation) noexcept { list_.push_back(operation); }
  bool empty() const noexcept { return list_.empty(); }
  /// All of them end, and complete in the next turn, in their order.
  void complete_soon(const std::exception_ptr& failure = nullptr) {
    while (!list_.empty()) list_.front().complete_soon(failure);
  }

 private:
  List<WaitOperation, WaiterTag> list_;
};

}  // namespace twinwire::detail
