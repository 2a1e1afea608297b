// The scenario that proves the stub: a server far away, a network that loses every fifth datagram, and a liar
// next door.
#pragma once

#include "mistakes.hpp"

#include <twinwire/sim/world.hpp>

#include <cstdint>

namespace dns {

struct ScenarioOptions {
  int questions = 6;
  Mistakes mistakes;
};

/// What happened.
struct Tally {
  int answered = 0;
  int timed_out = 0;
  std::uint64_t forged = 0;
};

/// Datagrams are lost, doubled and overtaken; connections are a little rough.
twinwire::sim::WorldOptions scenario_world();

/// Plays the scenario in a world that is empty. Each question has to end with the server's own answer, or in
/// the time that there is for it as timed out; and be answered once the network is calm. Throws
/// std::logic_error if one does not.
Tally run_scenario(twinwire::sim::World& world, const ScenarioOptions& options = {});

}  // namespace dns
