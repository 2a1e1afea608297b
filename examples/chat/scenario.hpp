// The scenario that proves the room: users at home and far away, rough links, and somebody who does not read.
#pragma once

#include <twinwire/sim/world.hpp>

#include <cstddef>

namespace chat {

/// How somebody who does not read what is said ends.
enum class Sleeper {
  none,
  wakes,  ///< in time for the last words
  late,   ///< when the connection was reset
};

struct ScenarioOptions {
  /// Every other one over TLS from a host of its own, the rest over the server's Unix socket.
  int users = 4;
  std::size_t lines = 30;
  Sleeper sleeper = Sleeper::wakes;
};

/// Rough links and small buffers, so that somebody falls behind now and then.
twinwire::sim::WorldOptions scenario_world();

/// Plays it in a world that is empty. Throws if somebody heard what it must not hear, or did not hear what it
/// must, or more waited in the server than its limits allow; and what World::run_until throws.
void run_scenario(twinwire::sim::World& world, const ScenarioOptions& options = {});

}  // namespace chat
