// Code that runs inside a simulated world, and what came of it.
#pragma once

#include <twinwire/sim/world.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace twinwire::fence {

/// Calls `function` in a callback of the host "probe", after ten seconds of its clock, which runs twice as
/// fast as the world's; its calendar is an hour ahead. What the world reports; nothing if all was in order.
template <class Function>
std::optional<sim::SimulationError> simulate(Function function, std::uint64_t seed = 1) {
  sim::World world(seed);
  sim::HostOptions options;
  options.drift_ppm = 1'000'000;
  options.skew = std::chrono::hours(1);
  world.add_host("probe", options).loop().call_later(std::chrono::seconds(10), std::ref(function));
  try {
    world.run();
  } catch (const sim::SimulationError& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace twinwire::fence
