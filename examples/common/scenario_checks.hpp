// What the tests of the examples ask of a scenario. `run` is given a world.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

namespace examples {

/// What it throws in a world of these choices; empty if all was well.
template <class Run>
std::string failure_of(twinwire::Choices choices, const twinwire::sim::WorldOptions& options, Run run) {
  twinwire::sim::World world(std::move(choices), options);
  try {
    run(world);
    return {};
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

/// Fails unless a seed gives the same run twice, and another seed another one.
template <class Run>
void check_that_seeds_repeat(const twinwire::sim::WorldOptions& options, Run run) {
  const auto fingerprint = [&](std::uint64_t seed) {
    twinwire::sim::World world(seed, options);
    run(world);
    return world.fingerprint();
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) REQUIRE(fingerprint(seed) == fingerprint(seed));
  CHECK(fingerprint(1) != fingerprint(2));
}

}  // namespace examples
