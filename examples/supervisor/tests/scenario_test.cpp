#include "scenario.hpp"

#include "scenario_checks.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace supervisor {
namespace {

using twinwire::Base;
using twinwire::Choices;
using twinwire::sim::World;

/// Empty if all was well.
std::string play(std::uint64_t seed, Base base, const Mistakes& mistakes) {
  return examples::failure_of(Choices(seed, base), scenario_world(),
                              [&](World& world) { run_scenario(world, mistakes); });
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
  examples::check_that_seeds_repeat(scenario_world(),
                                    [](twinwire::sim::World& world) { run_scenario(world); });
}

}  // namespace
}  // namespace supervisor
