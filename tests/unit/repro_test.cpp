// Repro files that cannot be used say why: not one, damaged, stale.
#include "shapes.hpp"

#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/repro.hpp>
#include <twinwire/traces/seed_set.hpp>
#include <twinwire/traces/signature.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

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
  const traces::ReplayResult result = replay(repro, {lossy_scenario()});
  CHECK(result.same_failure);
  CHECK(result.same_fingerprint);
}

TEST_CASE("the text of a repro is for people, too") {
  Repro repro = recorded();
  repro.comments = {"client>server:80#1: the segment at byte 15 was lost (try 0)"};
  const std::string text = to_text(repro);
  CHECK_THAT(text, StartsWith("twinwire-repro 1\nmodel 4\nscenario lossy\n"));
  CHECK_THAT(text, Contains("\nargument text \"a second message\"\n"));
  CHECK_THAT(text, Contains("\noption link.loss 1/8\n"));
  CHECK_THAT(text, Contains("\noption host.addresses \"\"\n"));
  CHECK_THAT(text, Contains("\n# client>server:80#1: the segment at byte 15 was lost (try 0)\n"));
}

TEST_CASE("a repro of an unknown scenario is refused") {
  CHECK_THROWS_WITH(replay(recorded(), {unlucky_scenario()}),
                    "the repro is of a scenario \"lossy\", which is not here");
}

TEST_CASE("a repro of a world with other options is stale, and says which") {
  traces::Scenario changed = lossy_scenario();
  changed.options.link.latency = std::chrono::milliseconds(2);
  CHECK_THROWS_WITH(
      replay(recorded(), {changed}),
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
  CHECK(differs([](Options& options) { options.link.duplicate = {1, 2}; }));
  CHECK(differs([](Options& options) { options.link.overtaken = {1, 2}; }));
  CHECK(differs([](Options& options) { options.link.corrupt = {1, 2}; }));
  CHECK(differs([](Options& options) { options.link.truncate = {1, 2}; }));
  CHECK(differs([](Options& options) { options.link.mtu = 7; }));
  CHECK(differs([](Options& options) { options.link.bandwidth = 7; }));
  CHECK(differs([](Options& options) { options.loopback.loss = {1, 2}; }));
  CHECK(differs([](Options& options) { options.host.max_descriptors = 7; }));
  CHECK(differs([](Options& options) { options.host.skew = seconds(1); }));
  CHECK(differs([](Options& options) { options.host.drift_ppm = 7; }));
  CHECK(differs([](Options& options) { options.start += seconds(1); }));
  CHECK(differs([](Options& options) { options.name_latency = seconds(1); }));
  CHECK(differs([](Options& options) { options.executor_time_max = seconds(1); }));
  CHECK(differs([](Options& options) { options.events_max = 7; }));
  CHECK(differs([](Options& options) { options.events_per_instant_max = 7; }));
  CHECK(differs([](Options& options) { options.time_max = seconds(1); }));
  CHECK(differs([](Options& options) { options.host.addresses = {Address::of("10.0.0.7", 0)}; }));
}

TEST_CASE("a repro that does not tell an option of the world is refused, and says which") {
  std::string text = to_text(recorded());
  const std::size_t at = text.find("option link.loss 1/8\n");
  text.erase(at, text.find('\n', at) + 1 - at);
  CHECK_THROWS_WITH(replay(traces::parse_repro(text, "f"), {lossy_scenario()}),
                    "stale: the repro does not tell the option link.loss, which is 1/8 now");
}

TEST_CASE("what a repro tells twice is refused, with both lines") {
  const std::string text = to_text(recorded());
  const auto last = std::ranges::count(text, '\n');
  const auto line_of = [&](const std::string& beginning) {
    return 1 +
           std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(beginning)), '\n');
  };
  for (const auto& [line, name] :
       std::vector<std::pair<std::string, std::string>>{{"option link.loss 1/8", "option link.loss"},
                                                        {"argument text other", "argument text"},
                                                        {"scenario lossy", "scenario"},
                                                        {"base calm 3", "base"},
                                                        {"fingerprint 0", "fingerprint"},
                                                        {"model 4", "model"}}) {
    CHECK_THROWS_WITH(traces::parse_repro(text + line + "\n", "f"),
                      "f:" + std::to_string(last + 1) + ": \"" + name +
                          "\" is told a second time, after line " + std::to_string(line_of(name + " ")));
  }
  const std::size_t override_at = text.find("override ");
  const std::string override_line = text.substr(override_at, text.find('\n', override_at) + 1 - override_at);
  CHECK_THROWS_WITH(traces::parse_repro(text + override_line, "f"), Contains("is told a second time"));
}

TEST_CASE("repros are named by scenario, arguments that are not the default ones, and seed") {
  traces::Scenario scenario = lossy_scenario();
  const auto name = [&](const std::string& text) {
    return traces::repro_file_name(scenario, scenario.arguments_with({{"text", text}}), 7);
  };
  CHECK(traces::repro_file_name(scenario, scenario.defaults(), 7) == "lossy-7.repro");
  CHECK(traces::repro_file_name(scenario, {}, 7) == "lossy-7.repro");
  CHECK(name("short") == "lossy-text=short-7.repro");
  CHECK_THAT(name("a/b"), StartsWith("lossy-text=a_b-"));
  CHECK(name("a/b") != name("a_b"));
  CHECK(name("a/b") != name("a:b"));
  CHECK(name(std::string(500, 'x')).size() < 120);
  CHECK(name(std::string(500, 'x')) != name(std::string(501, 'x')));
  scenario.name = "../up";
  CHECK_THAT(traces::repro_file_name(scenario, {}, 7), StartsWith("_._up-"));
}

TEST_CASE("texts for programs: JSON without bytes that are no text, words that a shell reads back") {
  CHECK(traces::json_string("a\"b\\c\n\t\x01") == R"("a\"b\\c\n\t\u0001")");
  CHECK(traces::json_string("\xff, caf\xc3\xa9, \xc3") == "\"\\\\xff, caf\xc3\xa9, \\\\xc3\"");
  for (const char* invalid : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\x80"}) {
    CHECK_THAT(traces::json_string(invalid), StartsWith("\"\\\\x"));
  }
  CHECK(traces::shell_words({"./a", "--b=c", "", "d e", "it's", "$x"}) ==
        R"(./a --b=c '' 'd e' 'it'\''s' '$x')");
}

TEST_CASE("a set of seeds is told in ranges, and knows where to go on") {
  traces::SeedSet seeds;
  CHECK(seeds.in_words() == "none");
  CHECK(seeds.first_missing(3, 9) == 3);
  for (const std::uint64_t seed : {5UL, 3UL, 4UL, 4UL, 8UL, 0UL, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX})
    seeds.add(seed);
  CHECK(seeds.in_words() == "0, 3..5, 8, 18446744073709551614..18446744073709551615");
  CHECK(seeds.in_words(2) == "0, 3..5, ...");
  CHECK(seeds.first_missing(3, 9) == 6);
  CHECK(seeds.first_missing(3, 5) == std::nullopt);
  CHECK(seeds.first_missing(6, 9) == 6);
  CHECK_FALSE(seeds.contains(7));
  seeds.add(7);
  seeds.add(6);
  CHECK(seeds.in_words(2) == "0, 3..8, ...");
}

TEST_CASE("a repro whose argument is gone, or has a value that is not allowed any more, is stale") {
  traces::Scenario without = lossy_scenario();
  without.arguments.clear();
  CHECK_THROWS_WITH(replay(recorded(), {without}), "stale: the scenario \"lossy\" takes no argument --text");
  traces::Scenario restricted = lossy_scenario();
  restricted.arguments[0].default_value = "x";
  restricted.arguments[0].choices = {"x", "y"};
  CHECK_THROWS_WITH(replay(recorded(), {restricted}), StartsWith("stale: "));
}

TEST_CASE("a repro whose decisions are not met any more is stale, and names one") {
  traces::Scenario fixed = lossy_scenario();
  fixed.body = [](sim::World& world, const traces::Arguments&) {
    world.add_host("server");
    world.add_host("client");
    world.run();
  };
  CHECK_THROWS_WITH(replay(recorded(), {fixed}),
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
  const traces::ReplayResult result = replay(recorded(), {fixed});
  CHECK_FALSE(result.outcome.failed);
  CHECK_FALSE(result.same_failure);
  CHECK(result.same_fingerprint);
}

TEST_CASE("a repro of another model of the network is stale") {
  std::string text = to_text(recorded());
  text.replace(text.find("model 4"), 7, "model 0");
  CHECK_THROWS_WITH(traces::parse_repro(text, "old.repro"),
                    "old.repro:2: stale: made with model 0 of the simulated network, this is model 4");
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
  CHECK(complaint("twinwire-repro 1\nmodel 4\n") == "f: no line names the scenario");
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
