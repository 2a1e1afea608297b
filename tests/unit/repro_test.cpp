// Repro files that cannot be used say why: not one, damaged, stale.
#include "shapes.hpp"

#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/repro.hpp>
#include <twinwire/traces/signature.hpp>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using traces::Repro;
using traces::ReproError;

/// A failure of the lossy scenario, with its decisions.
Repro recorded() {
  const traces::Scenario scenario = lossy_scenario();
  for (std::uint64_t seed = 1;; ++seed) {
    const traces::RunOutcome outcome =
        run_scenario(scenario, scenario.defaults(), {seed, Base::seed, {}, true});
    if (!outcome.failed) continue;
    Repro repro;
    repro.scenario = scenario.name;
    repro.arguments = scenario.defaults().all();
    repro.options = traces::options_as_text(scenario.options);
    repro.request = {seed, Base::calm, {}, false};
    for (const Decision& decision : outcome.decisions) {
      repro.request.overrides.emplace_back(decision.address, decision.outcome);
      repro.comments.push_back(decision.sentence);
    }
    repro.signature = outcome.signature;
    repro.fingerprint = outcome.fingerprint;
    return repro;
  }
}

TEST_CASE("a recorded failure is replayed from its text, with the same fingerprint") {
  const Repro repro = traces::parse_repro(to_text(recorded()), "memory");
  const traces::ReplayResult result = replay_quietly(repro, {lossy_scenario()});
  CHECK(result.same_failure);
  CHECK(result.same_fingerprint);
}

TEST_CASE("the text of a repro is for people, too") {
  Repro repro = recorded();
  repro.comments = {"client>server:80#1: the segment at byte 15 was lost (try 0)"};
  const std::string text = to_text(repro);
  CHECK_THAT(text, StartsWith("twinwire-repro 1\nmodel 1\nscenario lossy\n"));
  CHECK_THAT(text, Contains("\nargument text \"a second message\"\n"));
  CHECK_THAT(text, Contains("\noption link.loss 1/8\n"));
  CHECK_THAT(text, Contains("\n# client>server:80#1: the segment at byte 15 was lost (try 0)\n"));
}

TEST_CASE("a repro of an unknown scenario is refused") {
  CHECK_THROWS_WITH(replay_quietly(recorded(), {unlucky_scenario()}),
                    "the repro is of a scenario \"lossy\", which is not here");
}

TEST_CASE("a repro of a world with other options is stale, and says which") {
  traces::Scenario changed = lossy_scenario();
  changed.options.link.latency = std::chrono::milliseconds(2);
  CHECK_THROWS_WITH(
      replay_quietly(recorded(), {changed}),
      "stale: the repro was made with link.latency_ns = 1000000, the scenario \"lossy\" has 2000000");
}

TEST_CASE("every option of a world that changes a run is in its repro") {
  const auto differs = [](auto change) {
    sim::WorldOptions options;
    const auto before = traces::options_as_text(options);
    change(options);
    return traces::options_as_text(options) != before;
  };
  using Options = sim::WorldOptions;
  using std::chrono::seconds;
  CHECK(differs([](Options& options) { options.link.jitter = seconds(1); }));
  CHECK(differs([](Options& options) { options.link.down = true; }));
  CHECK(differs([](Options& options) { options.link.max_segment = 7; }));
  CHECK(differs([](Options& options) { options.loopback.loss = {1, 2}; }));
  CHECK(differs([](Options& options) { options.host.max_descriptors = 7; }));
  CHECK(differs([](Options& options) { options.host.skew = seconds(1); }));
  CHECK(differs([](Options& options) { options.host.drift_ppm = 7; }));
  CHECK(differs([](Options& options) { options.start += seconds(1); }));
  CHECK(differs([](Options& options) { options.name_latency = seconds(1); }));
  CHECK(differs([](Options& options) { options.executor_time_max = seconds(1); }));
}

TEST_CASE("a repro whose argument is gone, or has a value that is not allowed any more, is stale") {
  traces::Scenario without = lossy_scenario();
  without.arguments.clear();
  CHECK_THROWS_WITH(replay_quietly(recorded(), {without}),
                    "stale: the scenario \"lossy\" takes no argument \"text\" any more");
  traces::Scenario restricted = lossy_scenario();
  restricted.arguments[0].default_value = "x";
  restricted.arguments[0].choices = {"x", "y"};
  CHECK_THROWS_WITH(replay_quietly(recorded(), {restricted}), StartsWith("stale: "));
}

TEST_CASE("a repro whose decisions are not met any more is stale, and names one") {
  traces::Scenario fixed = lossy_scenario();
  fixed.body = [](sim::World& world, const traces::Arguments&) {
    world.add_host("server");
    world.add_host("client");
    world.run();
  };
  CHECK_THROWS_WITH(replay_quietly(recorded(), {fixed}),
                    Contains("are not met any more, first ") && Contains(" of \"client"));
}

TEST_CASE("a repro whose failure is fixed replays without it") {
  traces::Scenario fixed = lossy_scenario();
  fixed.body = [body = fixed.body](sim::World& world, const traces::Arguments& arguments) {
    try {
      body(world, arguments);
    } catch (const std::runtime_error&) {
    }
  };
  const traces::ReplayResult result = replay_quietly(recorded(), {fixed});
  CHECK_FALSE(result.outcome.failed);
  CHECK_FALSE(result.same_failure);
  CHECK(result.same_fingerprint);
}

TEST_CASE("a repro of another model of the network is stale") {
  std::string text = to_text(recorded());
  text.replace(text.find("model 1"), 7, "model 0");
  CHECK_THROWS_WITH(traces::parse_repro(text, "old.repro"),
                    "old.repro:2: stale: made with model 0 of the simulated network, this is model 1");
}

TEST_CASE("what is not a repro is refused in one sentence") {
  const auto complaint = [](const std::string& text) {
    try {
      traces::parse_repro(text, "f");
      return std::string("none");
    } catch (const ReproError& error) {
      return std::string(error.what());
    }
  };
  CHECK(complaint("") == "f: the file is empty: not a repro file");
  CHECK(complaint("# only a comment\n\n") == "f: the file is empty: not a repro file");
  CHECK(complaint("#!/bin/sh\necho\n") == "f:2: expected \"twinwire-repro 1\": this is not a repro file");
  CHECK(complaint("twinwire-repro 2\n") == "f:1: format 2 is not known (this is format 1)");
  CHECK(complaint("twinwire-repro 1\nmodel 1\n") == "f: no line names the scenario");
  CHECK(complaint("twinwire-repro 1\nscenario s\n") == "f: no line tells the failure");
  CHECK(complaint("twinwire-repro 1\nscenario s\noverride loss a b 1\n") == "f:3: \"b\" is not a number");
  CHECK(complaint("twinwire-repro 1\nscenario s t\n") == "f:2: \"scenario\" takes 1 words, not 2");
}

TEST_CASE("a repro without a line for the model, the base or the fingerprint is incomplete") {
  const std::string whole = to_text(recorded());
  for (const std::string key : {"model", "base", "fingerprint"}) {
    std::string text = whole;
    const std::size_t at = text.find("\n" + key + " ") + 1;
    text.erase(at, text.find('\n', at) + 1 - at);
    CHECK_THROWS_AS(traces::parse_repro(text, "f"), ReproError);
  }
}

TEST_CASE("files that cannot be read or written say so") {
  CHECK_THROWS_WITH(traces::read_repro("/no/such/file"), StartsWith("cannot read the repro /no/such/file: "));
  CHECK_THROWS_AS(traces::read_repro(std::filesystem::temp_directory_path()), ReproError);
  CHECK_THROWS_WITH(traces::write_repro(recorded(), "/no/such/directory/x"),
                    StartsWith("cannot write the repro /no/such/directory/x"));
}

TEST_CASE(
    "numbers in a message do not tell failures apart, nor does what is behind a few hundred characters") {
  CHECK(traces::normalised("byte 17 of 4096\nat 0x7f") == "byte # of # at #x#f");
  CHECK(traces::normalised(std::string(10'000, 'x')).size() == 400);
  CHECK(traces::type_name(std::make_exception_ptr(std::out_of_range("x"))) == "std::out_of_range");
  CHECK(traces::type_name(nullptr).empty());
}

}  // namespace
}  // namespace twinwire::unit
