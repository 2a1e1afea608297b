// How an Asio-facing object begins its operations: with any completion token, on its own executor.
#pragma once

#include <twinwire/net/completion.hpp>

#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/async_result.hpp>

namespace twinwire::detail {

/// A completion that lies in memory from the allocator of its handler, until it is called or destroyed.
template <class Completion, class Allocator>
class AllocatedCompletion {
 public:
  AllocatedCompletion(Completion completion, const Allocator& allocator) : own_(nullptr, Delete{allocator}) {
    Memory memory(allocator);
    Completion* const place = MemoryTraits::allocate(memory, 1);
    own_.reset(::new (static_cast<void*>(place)) Completion(std::move(completion)));
  }

  /// The memory is given back before the handler runs, so that its next operation can have it.
  template <class... Values>
  void operator()(Values&&... values) {
    Completion completion(std::move(*own_));
    own_.reset();
    completion(std::forward<Values>(values)...);
  }

 private:
  using Memory = typename std::allocator_traits<Allocator>::template rebind_alloc<Completion>;
  using MemoryTraits = std::allocator_traits<Memory>;

  struct Delete {
    Memory memory;
    void operator()(Completion* completion) noexcept {
      completion->~Completion();
      MemoryTraits::deallocate(memory, completion, 1);
    }
  };

  std::unique_ptr<Completion, Delete> own_;
};

template <class T>
inline constexpr bool is_standard_allocator = false;
template <class T>
inline constexpr bool is_standard_allocator<std::allocator<T>> = true;

/// What begins an operation when its token wants it to. `start` is called with the completion, and returns
/// the Operation.
template <class IoExecutor>
class IoInitiation {
 public:
  using executor_type = IoExecutor;
  IoInitiation(Loop& loop, const IoExecutor& executor) : loop_(&loop), executor_(executor) {}
  executor_type get_executor() const noexcept { return executor_; }

  template <class Handler, class Start>
  void operator()(Handler&& handler, Start&& start) const {
    const auto allocator = boost::asio::get_associated_allocator(handler);
    using Allocator = std::remove_const_t<decltype(allocator)>;
    start_with(*loop_, executor_, std::forward<Handler>(handler), [&](auto completion) {
      if constexpr (is_standard_allocator<Allocator>) {
        return start(std::move(completion));
      } else {
        return start(AllocatedCompletion<decltype(completion), Allocator>(std::move(completion), allocator));
      }
    });
  }

 private:
  Loop* loop_;
  IoExecutor executor_;
};

/// The loop behind the executor of an Asio-facing object. Throws std::logic_error if there is none.
template <class IoExecutor>
Loop& loop_behind(const IoExecutor& executor) {
  if constexpr (std::is_convertible_v<const IoExecutor&, const Executor&>) {
    return static_cast<const Executor&>(executor).loop();
  } else {
    return loop_of(executor);
  }
}

/// Begins an operation of an object with this executor.
template <class Signature, class IoExecutor, class Token, class Start>
auto initiate_io(Loop& loop, const IoExecutor& executor, Token&& token, Start start) {
  return boost::asio::async_initiate<Token, Signature>(IoInitiation<IoExecutor>(loop, executor), token,
                                                       std::move(start));
}

}  // namespace twinwire::detail
