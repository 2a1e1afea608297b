#include "scenario.hpp"

#include "expectations.hpp"
#include "scenario_checks.hpp"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

namespace resp {
namespace {

using twinwire::Base;
using twinwire::Choices;
using twinwire::sim::World;

/// Empty if all was well.
std::string play(std::uint64_t seed, Base base, const Mistakes& mistakes) {
  ScenarioOptions options;
  options.mistakes = mistakes;
  return examples::failure_of(Choices(seed, base), scenario_world(),
                              [&](World& world) { run_scenario(world, options); });
}

std::optional<std::uint64_t> first_failure(std::uint64_t seeds, const Mistakes& mistakes) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (!play(seed, Base::seed, mistakes).empty()) return seed;
  }
  return std::nullopt;
}

TEST_CASE("the correct code passes every seed") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) REQUIRE(play(seed, Base::seed, {}).empty());
}

TEST_CASE("each mistake passes a calm run, and is found by some seed") {
  for (const NamedMistake& mistake : all_mistakes) {
    INFO(mistake.name);
    const auto mistakes = only_mistake(mistake.name);
    REQUIRE(mistakes);
    CHECK(play(1, Base::calm, *mistakes).empty());
    CHECK(first_failure(5000, *mistakes));
  }
}

TEST_CASE("the same seed gives the same run") {
  examples::check_that_seeds_repeat(scenario_world(),
                                    [](twinwire::sim::World& world) { run_scenario(world); });
}

TEST_CASE("a much rougher network and more clients do no harm") {
  twinwire::sim::WorldOptions rough = scenario_world();
  rough.link.loss = {1, 20};
  rough.link.cut = {1, 3};
  rough.link.rechunk = {1, 3};
  ScenarioOptions options;
  options.clients = 5;
  options.rounds = 8;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed, rough);
    INFO(seed);
    CHECK_NOTHROW(run_scenario(world, options));
  }
}

}  // namespace
}  // namespace resp
