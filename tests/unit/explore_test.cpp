// Exploring: failing seeds are found, grouped, confirmed, shrunk and kept; crashes and hangs are results.
#include "exploring.hpp"
#include "shapes.hpp"
#include "temporary_directory.hpp"

#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/replay.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using traces::ExploreOptions;
using traces::ExploreResult;
using traces::FailureGroup;

/// What running the seeds one after the other, right here, gives.
std::set<std::uint64_t> failing_here(const traces::Scenario& scenario, std::uint64_t first,
                                     std::uint64_t last) {
  std::set<std::uint64_t> failing;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    if (run_scenario(scenario, scenario.defaults(), {seed, Base::seed, {}, false}).failed)
      failing.insert(seed);
  }
  return failing;
}

TEST_CASE("a sweep runs every seed, and groups those that fail alike") {
  const traces::Scenario scenario = unlucky_scenario();
  const bool isolate = GENERATE(false, true);
  ExploreOptions options = seeds(101, isolate ? 130 : 300);
  options.isolate = isolate;
  options.shrink = false;
  const ExploreResult result = explore(options, scenario, {});
  const std::set<std::uint64_t> expected = failing_here(scenario, 101, options.last_seed);
  CHECK(result.done == options.last_seed - 100);
  CHECK(result.failed == expected.size());
  CHECK_FALSE(result.interrupted);
  CHECK(result.events > result.done);
  REQUIRE(result.groups.size() == 2);
  std::set<std::uint64_t> told;
  for (const FailureGroup& group : result.groups) {
    CHECK(group.confirmed());
    CHECK(group.first.seed == group.seeds.front());
    CHECK(std::ranges::is_sorted(group.seeds));
    CHECK(group.seeds.size() == std::min<std::uint64_t>(group.count, 10));
    told.insert(group.seeds.begin(), group.seeds.end());
  }
  CHECK(std::ranges::includes(expected, told));
  const bool thrown_first = result.groups[0].first.signature.kind == "exception";
  const FailureGroup& thrown = result.groups[thrown_first ? 0 : 1];
  const FailureGroup& stuck = result.groups[thrown_first ? 1 : 0];
  CHECK(thrown.first.signature ==
        traces::FailureSignature{"exception", "table", "std::runtime_error",
                                 "a scheduled callback threw an exception: the dice fell on #"});
  CHECK(stuck.first.signature.kind == "deadlock");
  CHECK(stuck.first.signature.host == "waiting");
  CHECK(stuck.first.signature.message == "nothing can happen any more");
}

TEST_CASE("the first failure can end the sweep") {
  ExploreOptions options = seeds(1, 100'000);
  options.stop_at_first_failure = true;
  options.shrink = false;
  const ExploreResult result = explore(options, unlucky_scenario(), {});
  CHECK(result.failed >= 1);
  CHECK(result.failed <= options.jobs);
  CHECK(result.done < 1000);
}

TEST_CASE("a range of seeds that is empty is refused, one that ends at the largest number is not") {
  CHECK_THROWS_WITH(explore(seeds(2, 1), unlucky_scenario(), {}), "seeds 2..1: the range is empty");
  ExploreOptions options = seeds(UINT64_MAX - 5, UINT64_MAX);
  options.shrink = false;
  CHECK(explore(options, unlucky_scenario(), {}).done == 6);
}

TEST_CASE("a crash is a result with its host and event, and the other seeds are run all the same") {
  ExploreOptions options = seeds(1, 60);
  const bool isolate = GENERATE(false, true);
  options.isolate = isolate;
  const ExploreResult result = explore(options, crashing_scenario(), {});
  CHECK(result.done == 60);
  CHECK(result.failed >= 2);
  REQUIRE(result.groups.size() == 1);
  const FailureGroup& group = result.groups.front();
  CHECK(group.first.signature ==
        traces::FailureSignature{"crash", "fragile", "Aborted", "at event \"callback\""});
  CHECK(group.count == result.failed);
  CHECK(group.confirmed());
  REQUIRE(group.shrunk.has_value());
  CHECK(group.shrunk->reduced);
  REQUIRE(group.shrunk->outcome.decisions.size() == 1);
  CHECK(group.shrunk->outcome.decisions[0].sentence == "table: the dice fell on 4");
}

TEST_CASE("a hang is a result with its host and event, and the other seeds are run all the same") {
  const traces::Scenario scenario = hanging_scenario();
  std::uint64_t hanging = 1;
  for (;; ++hanging) {
    sim::World world(hanging);
    if (roll(world) == 4) break;
  }
  ExploreOptions options = seeds(hanging, hanging + 1);
  options.timeout = 3s;  // also for getting there
  options.shrink = false;
  const ExploreResult result = explore(options, scenario, {});
  CHECK(result.done == 2);
  REQUIRE(result.groups.size() == 1);
  const FailureGroup& group = result.groups.front();
  CHECK(group.first.seed == hanging);
  CHECK(group.first.signature == traces::FailureSignature{"hang", "", "", "no end in sight"});
  CHECK(group.first.message == "hang on host \"stuck\": at event \"callback\"");
  CHECK(group.confirmed());
}

TEST_CASE("state that leaks from run to run shows when a failure is confirmed in a fresh process") {
  static int runs = 0;
  const traces::Scenario leaking = scenario("leaking", [](sim::World& world, const traces::Arguments&) {
    world.add_host("host");
    if (++runs > 3) throw std::runtime_error("too many runs");
  });
  ExploreOptions options = seeds(1, 10);
  options.jobs = 1;
  const ExploreResult result = explore(options, leaking, {});
  REQUIRE(result.groups.size() == 1);
  CHECK(result.groups[0].count == 7);
  REQUIRE(result.groups[0].confirmation.has_value());
  CHECK_FALSE(result.groups[0].confirmation->failed);
  CHECK_FALSE(result.groups[0].confirmed());
  CHECK_FALSE(result.groups[0].shrunk.has_value());
  options.isolate = true;
  CHECK(explore(options, leaking, {}).failed == 0);
}

TEST_CASE("a sweep that is interrupted ends at once and loses nothing that it has heard") {
  Interrupting listener(200);
  const ExploreResult result = explore(seeds(1, 100'000'000), unlucky_scenario(), {}, &listener);
  CHECK(result.interrupted);
  CHECK(result.done >= 200);
  CHECK(result.done == listener.outcomes);
  CHECK(result.done == listener.progress);
  CHECK(result.done <= listener.assigned);
  CHECK(result.groups.size() == 2);
  CHECK(listener.groups == 2);
  CHECK(listener.groups_before_interruption == 0);
  CHECK(listener.shrinking == 0);
  const auto missing = result.done_seeds.first_missing(1, 100'000'000);
  REQUIRE(missing.has_value());
  CHECK(*missing <= result.done + 1);
}

TEST_CASE("a failure is shrunk, written to a file, and run again from there to the same fingerprint") {
  const TemporaryDirectory directory;
  const traces::Scenario scenario = lossy_scenario();
  ExploreOptions options = seeds(1, 60);
  options.repro_directory = directory.path();
  const ExploreResult result = explore(options, scenario, scenario.defaults());
  REQUIRE(result.groups.size() == 1);
  const FailureGroup& group = result.groups.front();
  REQUIRE(group.shrunk.has_value());
  CHECK(group.shrunk->reduced);
  REQUIRE(group.shrunk->outcome.decisions.size() == 1);
  CHECK_THAT(group.shrunk->outcome.decisions[0].sentence, Contains("was lost (try 0)"));
  CHECK(group.repro.filename() == "lossy-" + std::to_string(group.first.seed) + ".repro");

  const traces::Repro repro = traces::read_repro(group.repro);
  CHECK(repro.scenario == "lossy");
  CHECK(repro.arguments == scenario.defaults().all());
  const traces::ReplayResult replayed = replay(repro, {unlucky_scenario(), scenario});
  CHECK(replayed.same_failure);
  CHECK(replayed.same_fingerprint);
  CHECK(replayed.outcome.unreached.empty());
}

TEST_CASE("a run in a fork gives what it gives here") {
  const traces::Scenario scenario = lossy_scenario();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const traces::RunRequest request{seed, Base::seed, {}, true};
    const traces::RunOutcome here = run_scenario(scenario, scenario.defaults(), request);
    const traces::RunOutcome there = run_forked(scenario, scenario.defaults(), request, 10s);
    CHECK(there.seed == seed);
    CHECK(there.failed == here.failed);
    CHECK(there.signature == here.signature);
    CHECK(there.message == here.message);
    CHECK(there.fingerprint == here.fingerprint);
    CHECK(there.events == here.events);
    CHECK(there.virtual_time == here.virtual_time);
    REQUIRE(there.decisions.size() == here.decisions.size());
    for (std::size_t i = 0; i < here.decisions.size(); ++i) {
      CHECK(there.decisions[i].address == here.decisions[i].address);
      CHECK(there.decisions[i].outcome == here.decisions[i].outcome);
      CHECK(there.decisions[i].sentence == here.decisions[i].sentence);
    }
  }
}

TEST_CASE("a message with line ends, quotes and nothing printable comes through from a fork") {
  const std::string odd = "two\nlines \"quoted\" \\ and \t\r\x01 more # not a comment";
  const traces::Scenario scenario =
      unit::scenario("odd", [&](sim::World&, const traces::Arguments&) { throw std::runtime_error(odd); });
  const traces::RunOutcome outcome = run_forked(scenario, {}, {1, Base::seed, {}, false}, 10s);
  CHECK(outcome.failed);
  CHECK(outcome.message == odd);
}

TEST_CASE("a process that ends without a word is a crash") {
  const traces::Scenario scenario =
      unit::scenario("silent", [](sim::World&, const traces::Arguments&) { ::_exit(5); });
  const traces::RunOutcome outcome = run_forked(scenario, {}, {9, Base::seed, {}, false}, 10s);
  CHECK(outcome.failed);
  CHECK(outcome.seed == 9);
  CHECK(outcome.signature ==
        traces::FailureSignature{"crash", "", "exit status 5", "the process ended without a word"});
}

TEST_CASE("what a scenario leaves unhandled is its failure, even if it says nothing itself") {
  const traces::Scenario careless = scenario("careless", [](sim::World& world, const traces::Arguments&) {
    world.add_host("host").loop().call_soon([] { throw std::runtime_error("unseen"); });
    try {
      world.run();
    } catch (const sim::SimulationError&) {
    }
    world.host("host").loop().call_exception_handler({"told by hand", nullptr, {}, {}});
  });
  const traces::RunOutcome outcome = run_scenario(careless, {}, {1, Base::seed, {}, false});
  CHECK(outcome.failed);
  CHECK(outcome.signature.host == "host");
  CHECK_THAT(outcome.message, Contains("told by hand"));
}

TEST_CASE("invalid options of a world are an outcome of the run, and not the end of the sweep") {
  traces::Scenario wrong = scenario("wrong", [](sim::World& world, const traces::Arguments&) {
    world.add_host("twice");
    world.add_host("twice");
  });
  const traces::RunOutcome outcome = run_scenario(wrong, {}, {1, Base::seed, {}, false});
  CHECK(outcome.failed);
  CHECK(outcome.signature.kind == "exception");
  CHECK(outcome.signature.type == "std::invalid_argument");
}

}  // namespace
}  // namespace twinwire::unit
