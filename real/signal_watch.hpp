// Signals of the process, as events of a loop.
#pragma once

#include <twinwire/real/poller.hpp>

#include <functional>

namespace twinwire::real {

struct SignalBox;

/// The signals that one loop watches. Any number of loops may watch the same one: each is told. A signal gets
/// our handler when the first loop watches it, and the action that it had before when none does any more;
/// other code that installs a handler meanwhile (asio::signal_set, say) takes it away from us.
/// https://man7.org/linux/man-pages/man7/signal-safety.7.html
class SignalWatch final : public PollEntry {
 public:
  /// `arrived` is called on the loop's thread with the number of each signal that is watched and came.
  SignalWatch(twinwire::detail::Ref<Poller> poller, std::function<void(int)> arrived);
  ~SignalWatch();

  /// Throws OperationError for a number that is no signal or cannot be caught, changing nothing.
  void watch(int signal_number);
  /// Does nothing for a signal that is not watched.
  void unwatch(int signal_number);

  void on_events(std::uint32_t events) override;

 private:
  twinwire::detail::Ref<Poller> poller_;
  std::function<void(int)> arrived_;
  SignalBox* box_ = nullptr;  ///< made for the first signal, given back at the end
};

}  // namespace twinwire::real
