// The fixed scenarios whose fingerprints must be the same everywhere.
#pragma once

#include <twinwire/sim/world.hpp>

#include <array>
#include <string_view>

namespace fingerprint {

/// Many small messages both ways between several hosts, on links that cut, lose and delay.
void chatty(twinwire::sim::World& world);
/// Much data one way, through small buffers, to a reader that pauses.
void bulk(twinwire::sim::World& world);
/// Timers that are set, moved and cancelled, on hosts whose clocks drift.
void timers(twinwire::sim::World& world);
/// Jobs off the loop, look-ups of names, and signals.
void jobs(twinwire::sim::World& world);
/// All the ways in which a connection ends, or never begins.
void endings(twinwire::sim::World& world);

struct Scenario {
  std::string_view name;
  void (*run)(twinwire::sim::World&);
};

inline constexpr std::array<Scenario, 5> scenarios{
    {{"chatty", chatty}, {"bulk", bulk}, {"timers", timers}, {"jobs", jobs}, {"endings", endings}}};

}  // namespace fingerprint
