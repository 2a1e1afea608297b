// A failure that a fresh process does not confirm: what is told of it.
#include "exploring.hpp"
#include "program.hpp"

#include <twinwire/traces/divergence.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/report.hpp>

#include <chrono>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using traces::Divergence;

Divergence divergence_of(const std::string& scenario, const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> command{SCENARIO_PROGRAM, scenario,       "--seed", "1",
                                   "--log",          "--outcome-fd", "{fd}"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return traces::find_divergence(command, 1, 2s);
}

TEST_CASE("two runs that do the same do not diverge, however they end") {
  for (const char* scenario : {"lossy", "odd", "exiting"}) {
    INFO(scenario);
    CHECK(divergence_of(scenario).kind == Divergence::Kind::none);
  }
  CHECK(divergence_of("lossy").same > 0);
}

TEST_CASE("the first line in which the logs of two runs differ is found, also beyond what a log shows") {
  const std::string before = GENERATE(std::string("process "), std::string(1000, 'x'));
  const Divergence found = divergence_of("inexact", {"--before", before});
  REQUIRE(found.kind == Divergence::Kind::logged);
  CHECK(found.same > 0);
  CHECK(found.next[0] != found.next[1]);
  for (const std::string& line : found.next) {
    CHECK_THAT(line, Contains("\"" + before.substr(0, 8)));
    CHECK_FALSE(std::regex_search(line, std::regex("x{33}")));
  }
}

TEST_CASE("runs that differ where no log has a line diverge unseen") {
  CHECK(divergence_of("restless").kind == Divergence::Kind::unseen);
}

TEST_CASE("what cannot be run, or does not end, cannot be compared") {
  CHECK_THROWS_WITH(traces::find_divergence({"/nonexistent"}, 1, 10s), Contains("cannot be executed"));
  const std::string seed = std::to_string(seed_of(4));
  CHECK_THROWS_WITH(divergence_of("babbling", {"--timeout", "60"}), "it hangs while its log is written");
  CHECK_THROWS_WITH(
      traces::find_divergence({SCENARIO_PROGRAM, "hanging", "--seed", seed, "--log", "--outcome-fd", "{fd}"},
                              seed_of(4), 100ms),
      "it hangs while its log is written");
}

TEST_CASE(
    "a sweep tells state that leaks from a run that is not deterministic, and shows where that begins") {
  const Program program;
  const Ended leaking = program.run("leaking --seeds 1..10 --jobs 1");
  CHECK(leaking.code == 1);
  CHECK_THAT(leaking.output, Contains("DIFFERENT in a fresh process: it passed") &&
                                 Contains("State leaks from one run to the next, try --isolate: two fresh "
                                          "processes did the same: 0 lines of log"));
  const Ended inexact = program.run("inexact --seeds 1..4");
  CHECK(std::regex_search(
      inexact.output,
      std::regex("not deterministic: two fresh processes part after [1-9][0-9]* lines of log:\n"
                 ".*\"process [0-9]+\"\n.*\"process [0-9]+\"\n")));
  CHECK_THAT(program.run("inexact --seeds 1..4 --json").output, Contains("lines of log:\\n"));
  CHECK_THAT(program.run("restless --seeds 1..4").output, Contains("the same 0 lines of log, but another"));
}

TEST_CASE("two processes that do the same prove nothing if a third one did something else") {
  const Program program;
  traces::ExploreOptions options = seeds(1, 1);
  // The first process finds no folder, and leaves one for the others.
  const std::string script = "fd=$1; shift; if mkdir " + (program.directory() / "first").string() +
                             "; then scenario=passing; else scenario=odd; fi 2>/dev/null; "
                             "exec " SCENARIO_PROGRAM " $scenario --seed 1 --outcome-fd $fd \"$@\"";
  options.fresh_process = {"/bin/sh", "-c", script, "sh", "{fd}"};
  const traces::Scenario failing = scenario(
      "failing", [](sim::World&, const traces::Arguments&) { throw std::runtime_error("on purpose"); });
  const traces::ExploreResult result = explore(options, failing, {});
  REQUIRE(result.groups.size() == 1);
  REQUIRE(result.groups[0].divergence.has_value());
  CHECK(result.groups[0].divergence->kind == Divergence::Kind::others);
  CHECK_THAT(confirmation_in_words(result.groups[0]),
             Catch::EndsWith(
                 "not deterministic: two fresh processes did the same, 0 lines of log, and a third did not"));
}

TEST_CASE("--twice compares two runs of one seed") {
  const Program program;
  const Ended same = program.run("lossy --seed 3 --twice");
  CHECK(same.code == 0);
  CHECK_THAT(same.output, Catch::StartsWith("two fresh processes did the same: ") &&
                              Catch::EndsWith(" lines of log, and the same end\n"));
  CHECK(program.run("lossy --calm --twice").code == 0);
  const Ended different = program.run("inexact --twice --seed 5");
  CHECK(different.code == 1);
  CHECK_THAT(different.output, Catch::StartsWith("DIFFERENT: two fresh processes part after "));
  const Ended json = program.run("inexact --twice --seed 5 --json");
  CHECK(json.code == 1);
  CHECK_THAT(json.output, Catch::StartsWith("{\"event\":\"different\",\"same_lines\":"));
  CHECK_THAT(program.run("lossy --seed 3 --twice --json").output,
             Catch::EndsWith(",\"next\":[\"\",\"\"]}\n"));
}

}  // namespace
}  // namespace twinwire::unit
