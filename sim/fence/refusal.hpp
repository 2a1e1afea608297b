// What the fence does about a call that a simulated program must not make.
#pragma once

#include <twinwire/sim/running_world.hpp>

namespace twinwire::sim::fence {

/// Why a kind of call is refused, and what a protocol uses instead. Both are literals.
struct Rule {
  const char* reason;
  const char* instead;
};

inline constexpr Rule thread_rule{"a thread runs at times of its own",
                                  "use Loop::run_in_executor or call_later"};
inline constexpr Rule process_rule{"a process runs at times of its own", "use Loop::subprocess_exec"};
inline constexpr Rule socket_rule{"a real socket does not belong to the simulated network",
                                  "use the loop's create_connection, create_server, ..."};
inline constexpr Rule name_rule{"it asks the real network for names", "use Loop::getaddrinfo"};
inline constexpr Rule poll_rule{"a real event loop does not belong to the simulated network",
                                "use the simulated host's Loop"};
inline constexpr Rule sleep_rule{"it would wait for real time",
                                 "use Loop::call_later or sleep_for(loop, ...)"};
inline constexpr Rule wait_rule{"nobody is going to wake it: a simulated world has one thread",
                                "use a callback of the loop"};

/// Makes the call a failure of the run: of kind `fence`, on the current host, with a stack trace. The run
/// ends after the event that is going on; until then the caller sees an error. A program that goes on to call
/// in spite of it, 10,000 times within one event, is aborted.
void refuse(const char* call, const Rule& rule) noexcept;

/// Refuses under simulation. False: the call may pass.
inline bool refused(const char* call, const Rule& rule) noexcept {
  if (RunningWorld::get() == nullptr) return false;
  refuse(call, rule);
  return true;
}

/// -1 and EPERM, as most functions of the system report an error.
int not_permitted() noexcept;

}  // namespace twinwire::sim::fence
