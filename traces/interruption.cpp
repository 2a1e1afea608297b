#include <twinwire/traces/interruption.hpp>

namespace twinwire::traces {
namespace {

volatile std::sig_atomic_t stop_signal = 0;

}  // namespace

InterruptionGuard::InterruptionGuard() {
  stop_signal = 0;
  struct sigaction action{};
  action.sa_handler = [](int number) { stop_signal = number; };
  ::sigaction(SIGINT, &action, &old_int_);
  ::sigaction(SIGTERM, &action, &old_term_);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &old_pipe_);
}

InterruptionGuard::~InterruptionGuard() {
  ::sigaction(SIGINT, &old_int_, nullptr);
  ::sigaction(SIGTERM, &old_term_, nullptr);
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  stop_signal = 0;
}

bool interruption_requested() noexcept {
  return stop_signal != 0;
}

}  // namespace twinwire::traces
