// SIGINT and SIGTERM while a sweep runs: what has been found until then is still reported.
#pragma once

#include <csignal>
#include <exception>

namespace twinwire::traces {

/// Notes SIGINT and SIGTERM while it lives, and has SIGPIPE ignored: a worker that dies must not take this
/// process along when work is written to it. One at a time.
class InterruptionGuard {
 public:
  InterruptionGuard();
  InterruptionGuard(const InterruptionGuard&) = delete;
  InterruptionGuard& operator=(const InterruptionGuard&) = delete;
  ~InterruptionGuard();

 private:
  struct sigaction old_int_{};
  struct sigaction old_term_{};
  struct sigaction old_pipe_{};
};

/// Whether a guard has noted a signal.
bool interruption_requested() noexcept;

/// A run in a child was given up because of a signal.
class Interrupted final : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace twinwire::traces
