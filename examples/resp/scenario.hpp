// The scenario that proves server and client: a few clients, each with keys of its own, and a rough network.
#pragma once

#include "mistakes.hpp"

#include <twinwire/sim/world.hpp>

#include <cstdint>

namespace resp {

struct ScenarioOptions {
  int clients = 2;
  std::uint64_t rounds = 4;
  Mistakes mistakes;
};

/// A network that is a little rough, and buffers that are small: each decision is rare, so that a mistake is
/// found by few seeds, and a failing run has few decisions in it that matter.
twinwire::sim::WorldOptions scenario_world();

/// Plays the scenario in a world that is empty. Throws WrongReply if a client saw something that it must not
/// see, and what World::run_until throws if the run goes wrong otherwise.
void run_scenario(twinwire::sim::World& world, const ScenarioOptions& options = {});

}  // namespace resp
