// The scenario that proves the server: visitors over TLS and rough links, two of whom fall asleep.
#pragma once

#include <twinwire/sim/world.hpp>

namespace https {

/// Rough links and small buffers.
twinwire::sim::WorldOptions scenario_world();

/// Plays it in a world that is empty. Throws if a visitor saw what must not be seen, and what
/// run_until_complete throws.
void run_scenario(twinwire::sim::World& world, int visitors = 3);

}  // namespace https
