// What a plain Asio timer waits with on a simulated loop.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/time.hpp>

#include <cstddef>
#include <variant>

namespace boost::asio {
class execution_context;
}

namespace twinwire::sim {

/// The waits of one timer, which all end at the same time, or are cancelled. The loop owns them. Loop thread
/// only; it may outlive its loop.
class VirtualTimer final : public detail::RefCounted {
 public:
  explicit VirtualTimer(Loop& loop) noexcept;
  ~VirtualTimer() override;

  using Done = UniqueFunction<void(error_code)>;

  /// Completes when the loop's time() has reached `when`, the same for all that wait; in a later turn if it
  /// has already.
  Operation wait(TimePoint when, Done done);
  /// The same for its calendar. A step of that is noticed within five minutes, as by Asio's own timers.
  Operation wait(WallTime when, Done done);
  /// The waits end with operation_aborted. How many did.
  std::size_t cancel();
  /// The same for the one that began first.
  std::size_t cancel_one();

 private:
  class Wait;
  struct WaitTag;

  using When = std::variant<TimePoint, WallTime>;

  Operation wait_until(When when, Done done);
  void arm();
  void fire();

  Loop& loop_;
  When when_;
  Handle call_;
  detail::List<Wait, WaitTag> waits_;
};

/// The simulated loop that an execution context belongs to; null for a context that is not simulated.
Loop* simulated_loop(boost::asio::execution_context& context);

/// Throws std::logic_error: to block on a simulated loop is to wait for ever.
[[noreturn]] void refuse_to_block(const Loop& loop);

/// Has a program stopped, before its main, in which only some object files were compiled with this target.
/// Whatever can make a virtual timer asks for this, so that it is linked.
void require_one_timer_service() noexcept;

}  // namespace twinwire::sim
