// The scenario that proves the supervisor: children that end when they like, and as they like, until somebody
// stops it all.
#pragma once

#include "mistakes.hpp"

#include <twinwire/sim/world.hpp>

namespace supervisor {

/// Starting a process, a signal, and the news of an end take their time.
twinwire::sim::WorldOptions scenario_world();

/// Plays the scenario in a world that is empty. Throws std::logic_error if a child was started too early, too
/// often, or twice, not stopped in its turn, or outlived its supervisor; and if output was lost or torn.
void run_scenario(twinwire::sim::World& world, const Mistakes& mistakes = {});

}  // namespace supervisor
