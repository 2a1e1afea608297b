// Single runs and reports of the command line: what they print can be relied on, and pasted.
#include "program.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("a single run that crashes, hangs or ends the process is told as such") {
  const Program program;
  const std::string seed = std::to_string(seed_of(4));
  const Ended crashed = program.run("crashing --seed " + seed);
  CHECK(crashed.code == 1);
  CHECK_THAT(crashed.output, Contains("FAILED: crash on host \"fragile\" (Aborted)"));
  const Ended hanging = program.run("hanging --timeout 3 --seed " + seed);
  CHECK(hanging.code == 1);
  CHECK_THAT(hanging.output, Contains("FAILED: hang: no end in sight\n  hang on host \"stuck\""));
  const Ended gone = program.run("exiting --seed 1");
  CHECK(gone.code == 1);
  CHECK_THAT(gone.output, Contains("FAILED: crash (exit status 0): the process ended without a word"));
  CHECK(program.run("exiting --seed 1 --in-process").code == 0);  // it is this process that ends
}

TEST_CASE("repros of a crash and of a hang are replayed and compared") {
  const std::string seed = std::to_string(seed_of(4));
  const Program crashes;
  crashes.run("crashing --seeds " + seed + ".." + seed);
  const Ended crashed = crashes.run("--replay " + crashes.repro());
  CHECK(crashed.code == 1);
  CHECK_THAT(crashed.output, Contains("the same failure and the same fingerprint as in the repro"));
  const Program hangs;
  const Ended swept = hangs.run("hanging --timeout 3 --seeds " + seed + ".." + seed);
  CHECK_THAT(swept.output, Contains("fingerprints are not compared") && Contains("shrunk from 1 decisions"));
  const Ended hanging = hangs.run("--timeout 3 --replay " + hangs.repro());
  CHECK(hanging.code == 1);
  CHECK_THAT(hanging.output, Contains("the same failure as in the repro"));
}

TEST_CASE("numbers are decimal, and as large as seeds are") {
  const Program program;
  CHECK_THAT(program.run("passing --seed 010").output, StartsWith("seed 10\n"));
  CHECK_THAT(program.run("passing --seed 18446744073709551615").output,
             StartsWith("seed 18446744073709551615\n"));
}

TEST_CASE("a calm run has no decision that is not calm") {
  const Program program;
  const std::string seed = std::to_string(seed_of(7));
  CHECK(program.run("unlucky --seed " + seed).code == 1);
  const Ended calm = program.run("unlucky --calm --seed " + seed);
  CHECK(calm.code == 0);
  CHECK_THAT(calm.output, StartsWith("seed " + seed + ", every decision calm\npassed\n"));
  CHECK(program.run("unlucky --calm").code == 0);
  CHECK(program.run("odd --calm --log").code == 1);
}

TEST_CASE("a command that is printed can be pasted") {
  const Program program;
  const Ended swept = program.run("odd --seeds 1..3 --no-shrink --word \"it's a \\$word\"");
  const std::size_t at = swept.output.find("  replay: ");
  REQUIRE(at != std::string::npos);
  const std::string command = swept.output.substr(at + 10, swept.output.find('\n', at) - at - 10);
  CHECK_THAT(command, Contains(R"( odd --word 'it'\''s a $word' --seed 1)"));
  const Ended pasted = program.shell(command);
  CHECK(pasted.code == 1);
  CHECK_THAT(pasted.output, Contains("and \"it's a $word\""));
  // A value that looks like an option reaches the process that confirms, too.
  const Ended dashed = program.run("odd --seeds 1..3 --no-shrink --word=-x");
  CHECK_THAT(dashed.output, Contains("confirmed in a fresh process") && Contains(" --word=-x --seed 1"));
}

TEST_CASE("repros of other arguments are other files") {
  const Program program;
  for (const char* word : {"one", "two"}) program.run(std::string("odd --seeds 1..3 --word ") + word);
  CHECK_THAT(program.read("odd-word=one-1.repro"), Contains("argument word one"));
  CHECK_THAT(program.read("odd-word=two-1.repro"), Contains("argument word two"));
}

TEST_CASE("a failure that needs no decision is told to be one of a calm network") {
  const Ended swept = Program().run("odd --seeds 1..3");
  CHECK_THAT(swept.output, Contains("it needs no decision, and fails in a calm network\n  replay: "));
}

TEST_CASE("JSON is text whatever a message holds, and says why a failure is not confirmed") {
  const Program program;
  const Ended swept = program.run("odd --seeds 1..3 --json");
  CHECK_THAT(swept.output, Contains(R"(byte \\xff and)"));
  CHECK(std::ranges::count(swept.output, '\xff') == 0);
  CHECK_THAT(swept.output, Contains(R"("confirmed":true,"confirmation":"confirmed in a fresh process, )"));
  const Ended replayed = program.run("--json --replay " + program.repro());
  CHECK(replayed.code == 1);
  CHECK_THAT(replayed.output, StartsWith(R"({"event":"failed","seed":1,)"));
  CHECK_THAT(replayed.output, Contains(R"("same_failure":true,"same_fingerprint":true})"));
  CHECK_THAT(program.run("passing --seed 1 --json").output, StartsWith(R"({"event":"passed","seed":1,)"));
  const Ended seven = program.run("unlucky --json --seed " + std::to_string(seed_of(7)));
  CHECK_THAT(seven.output, Contains(R"("decisions":["table: the dice fell on 7"])"));
  CHECK(swept.output.find("\"confirmed\":false") == std::string::npos);
}

TEST_CASE("a sweep begins no seed after one that failed, if that is asked for") {
  const Program program;
  const std::string first = std::to_string(std::min(seed_of(3), seed_of(7)));
  const Ended ended = program.run("unlucky --jobs 1 --stop-at-first --no-shrink");
  CHECK_THAT(ended.output, Contains("FAILED seed " + first + ":") &&
                               Contains("\n" + first + " of 1000 seeds done, 1 failed"));
}

TEST_CASE("shards take parts of the seeds, all of them together") {
  const Program program;
  CHECK_THAT(program.run("passing --seeds 1..10 --shard 1/3").output, Contains("3 of 3 seeds done"));
  CHECK_THAT(program.run("passing --seeds 1..10 --shard 2/3 --isolate --jobs 1").output,
             StartsWith("running seed 4\nrunning seed 5\nrunning seed 6\n3 of 3"));
  CHECK_THAT(program.run("passing --seeds 1..10 --shard 3/3").output, Contains("4 of 4 seeds done"));
  CHECK_THAT(program.run("passing --seeds 1..2 --shard 1/3").output, Contains("nothing to do in this one"));
  CHECK_THAT(program
                 .run("passing --seeds 0..18446744073709551615 --isolate --jobs 1 "
                      "--shard 18446744073709551615/18446744073709551615")
                 .output,
             StartsWith("running seed 18446744073709551614\nrunning seed 18446744073709551615\n"));
  const std::string bazel = "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=1 TEST_SHARD_STATUS_FILE=status";
  CHECK_THAT(program.run("passing --seeds 1..11", bazel).output, Contains("6 of 6 seeds done"));
  CHECK(std::filesystem::exists(program.directory() / "status"));
  CHECK(program.run("passing --seeds 1..11", "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=2").code == 2);
  CHECK(program.run("passing --seed 1", bazel).code == 0);
}

TEST_CASE("an interrupted sweep says first what is done and how to go on, and ends with 1") {
  const Program program;
  // Not before the first two seeds are done. With job control, or else the shell has SIGINT ignored.
  const Ended ended = program.shell(
      "bash -c 'set -m; " + std::string(SCENARIO_PROGRAM) +
      " passing --seeds 0..18446744073709551615 --jobs 1 --isolate >out 2>&1 & "
      "until grep -q \"running seed 2\" out; do sleep 0.05; done; kill -INT $!; wait $!; code=$?; "
      "cat out; exit $code'");
  CHECK(ended.code == 1);
  CHECK_THAT(ended.output, Contains("\ninterrupted: ") && Contains(" are done: 0..") &&
                               Contains("\n  to go on: --seeds ") &&
                               Contains(" seeds done (interrupted), 0 failed"));
}

TEST_CASE("help and list tell what else the program can do") {
  CHECK_THAT(Program().run("--help").output, Contains("There is more.\n") && Contains("Exit codes: 0 "));
  CHECK_THAT(Program().run("--list").output, Contains("There is more.\n"));
}

TEST_CASE("an argument of a scenario that is called like an option is refused") {
  traces::Scenario shadowing = scenario("shadowing", [](sim::World&, const traces::Arguments&) {});
  shadowing.arguments = {{"seed", "of a plant", "1", {}}};
  std::string program = "program";
  std::string list = "--list";
  char* argv[] = {program.data(), list.data(), nullptr};
  CHECK(traces::scenario_main(2, argv, {shadowing}) == 2);
  shadowing.arguments[0].name = "plant";
  CHECK(traces::scenario_main(2, argv, {shadowing, shadowing}) == 0);
}

}  // namespace
}  // namespace twinwire::unit
