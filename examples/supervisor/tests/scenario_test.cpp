#include "scenario.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace supervisor {
namespace {

using twinwire::Base;
using twinwire::Choices;
using twinwire::sim::World;

/// Empty if all was well.
std::string play(std::uint64_t seed, Base base, const Mistakes& mistakes) {
  World world(Choices(seed, base), scenario_world());
  try {
    run_scenario(world, mistakes);
    return {};
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

TEST_CASE("every seed keeps the rules") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO(seed);
    REQUIRE(play(seed, Base::seed, {}).empty());
  }
}

TEST_CASE("each mistake passes a calm run, and is found by some seed") {
  for (const auto flag : {&Mistakes::restarts_while_stopping, &Mistakes::drops_last_words}) {
    Mistakes mistakes;
    mistakes.*flag = true;
    CHECK(play(1, Base::calm, mistakes).empty());
    std::string failure;
    for (std::uint64_t seed = 1; seed <= 2000 && failure.empty(); ++seed) {
      failure = play(seed, Base::seed, mistakes);
    }
    CHECK_FALSE(failure.empty());
  }
}

TEST_CASE("the same seed gives the same run") {
  const auto fingerprint = [](std::uint64_t seed) {
    World world(seed, scenario_world());
    run_scenario(world);
    return world.fingerprint();
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) REQUIRE(fingerprint(seed) == fingerprint(seed));
  CHECK(fingerprint(1) != fingerprint(2));
}

}  // namespace
}  // namespace supervisor
