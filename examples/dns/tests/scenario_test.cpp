#include "scenario.hpp"

#include "scenario_checks.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace dns {
namespace {

using twinwire::Base;
using twinwire::Choices;
using twinwire::sim::World;

Tally play(std::uint64_t seed, Base base, const Mistakes& mistakes) {
  World world(Choices(seed, base), scenario_world());
  ScenarioOptions options;
  options.mistakes = mistakes;
  return run_scenario(world, options);
}

/// What the first failing seed of a hundred says.
std::string first_failure(const Mistakes& mistakes) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    try {
      play(seed, Base::seed, mistakes);
    } catch (const std::exception& failure) {
      return failure.what();
    }
  }
  return {};
}

TEST_CASE("every seed gets right answers or none, and some of each, however much is forged") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Tally one = play(seed, Base::seed, {});
    all.answered += one.answered;
    all.timed_out += one.timed_out;
    all.forged += one.forged;
  }
  CHECK(all.answered > 500 * 6);
  CHECK(all.timed_out > 50);
  CHECK(all.forged > 500 * 6);
}

TEST_CASE("a calm network answers everything") {
  const Tally tally = play(1, Base::calm, {});
  CHECK(tally.timed_out == 0);
  CHECK(tally.forged == 0);
}

TEST_CASE("each check that is left out passes a calm run, and is missed in some seed") {
  for (const auto flag : {&Mistakes::any_source, &Mistakes::any_id, &Mistakes::any_question}) {
    Mistakes mistakes;
    mistakes.*flag = true;
    CHECK_NOTHROW(play(1, Base::calm, mistakes));
    CHECK_THAT(first_failure(mistakes), Catch::Contains("IN A 6.6.6.6"));
  }
}

TEST_CASE("the same seed gives the same run") {
  examples::check_that_seeds_repeat(scenario_world(),
                                    [](twinwire::sim::World& world) { run_scenario(world); });
}

}  // namespace
}  // namespace dns
