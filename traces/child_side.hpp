// The child's end of a Child: what runs there, and its last words.
#pragma once

#include <twinwire/net/observer.hpp>
#include <twinwire/traces/run.hpp>

#include <csignal>
#include <cstdint>
#include <functional>
#include <string_view>

namespace twinwire::traces {

/// By which the parent asks a child where it hangs.
constexpr int hang_signal = SIGUSR1;
/// That signal alone: it is blocked from before the fork until the child listens.
sigset_t only_hang_signal();

/// From now on a fatal signal, or being interrupted by the parent, tells there where the run was.
void report_fatal_signals(int descriptor);

/// Does it and ends. An exception does not go on into the copy of the parent's stack that lies beneath.
[[noreturn]] void run_and_exit(const std::function<void()>& body) noexcept;

/// Runs the seeds that are assigned until nobody is there to assign more.
void serve_seeds(int commands, int reports, const std::function<RunOutcome(std::uint64_t)>& run,
                 bool stop_at_failure);

/// Tells the parent the log of a run, as it goes on.
class LogWriter final : public Observer {
 public:
  explicit LogWriter(int descriptor) noexcept : descriptor_(descriptor) {}
  void observe(const Observation& observation) override;

 private:
  int descriptor_;
};

/// What a child says of its run.
void write_start(int descriptor, std::uint64_t seed);
void write_outcome(int descriptor, const RunOutcome& outcome);

/// Writes all of it, unless the reader is gone.
void write_all(int descriptor, std::string_view text) noexcept;

}  // namespace twinwire::traces
