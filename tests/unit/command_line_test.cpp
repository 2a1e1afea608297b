// The command line of a program of scenarios, as a person and as a script meet it.
#include "program.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("wrong use is told in one sentence, with exit code 2") {
  const Program program;
  const auto [arguments, sentence] = GENERATE(table<std::string, std::string>({
      {"", "name a scenario: --list shows them"},
      {"nonsense", "unknown scenario \"nonsense\": --list shows those there are"},
      {"passing --seeds 5", "--seeds \"5\": expected A..B (no \"..\" in it)"},
      {"passing --seeds 5..x", "--seeds \"5..x\": expected A..B (\"x\" is not a number)"},
      {"passing --seeds 5..4", "--seeds 5..4: the range is empty"},
      {"passing --seed 1 --seeds 1..2", "--seed and --seeds exclude each other"},
      {"passing --replay x --seed 1", "--replay takes its decisions from the file: no seeds"},
      {"passing --host green", "--host \"green\": expected one of red, blue"},
      {"unlucky --host red", "the scenario \"unlucky\" takes no argument --host"},
      {"passing --log", "--log goes with --seed, --calm or --replay"},
      {"passing --in-process", "--in-process goes with --seed, --calm or --replay"},
      {"passing --seed 1 --shrink --log", "--log is for a single run: no --shrink"},
      {"passing --seed 1 --log --json", "--log and --json exclude each other"},
      {"passing --shrink --no-shrink", "--shrink and --no-shrink exclude each other"},
      {"passing --calm --seeds 1..2", "--calm is a single run: no --seeds"},
      {"passing --calm --shrink", "--calm leaves nothing to shrink"},
      {"passing --shard 1/2 --seed 1", "--shard divides the seeds of a sweep: no single run"},
      {"passing --seed 1 --jobs 2", "--jobs is for a sweep, and this is a single run"},
      {"passing --calm --isolate", "--isolate is for a sweep, and this is a single run"},
      {"--replay x --stop-at-first", "--stop-at-first is for a sweep, and this is a single run"},
      {"passing --seed 1 --repros /tmp", "--repros is for a sweep, and this is a single run"},
      {"passing --twice", "--twice goes with --seed or --calm"},
      {"--replay x --twice", "--twice goes with --seed or --calm"},
      {"passing --seed 1 --shrink --twice", "--twice goes with --seed or --calm"},
      {"passing --seed 1 --twice --log", "--log and --twice exclude each other"},
      {"passing --replay /proc", "the repros of a folder name their scenarios: give none"},
      {"--replay /proc --log", "--log shows a single run: --replay a file, not a folder"},
      {"--replay /proc/self/fdinfo", "there is no repro in the folder /proc/self/fdinfo"},
      {"passing --shard 0/2", "--shard 0/2: expected 1/N to N/N"},
      {"passing --shard 3/2", "--shard 3/2: expected 1/N to N/N"},
      {"passing --shard 3", "--shard \"3\": expected I/N (no \"/\" in it)"},
      {"--replay x --host red", "--replay takes its arguments from the file: no --host"},
      {"--replay x --calm", "--replay takes its decisions from the file: no seeds"},
      {"--replay ''", "cannot read the repro : "},
      {"passing --seeds ''", "--seeds \"\": expected A..B"},
      {"passing --seed ''", "--seed \"\": expected a number from 0 to 18446744073709551615"},
      {"passing --seed 18446744073709551616", "--seed \"18446744073709551616\": expected a number from 0"},
      {"passing --jobs 0", "--jobs \"0\": expected a number from 1 to 1024"},
      {"passing --jobs 1025", "--jobs \"1025\": expected a number from 1 to 1024"},
      {"passing --timeout nan", "--timeout: expected 0.001 to 604800 seconds"},
      {"passing --timeout 1e10", "--timeout: expected 0.001 to 604800 seconds"},
      {"passing --timeout 0", "--timeout: expected 0.001 to 604800 seconds"},
      {"passing --repros " + std::string(300, 'x'), ": File name too long"},
      {"passing --repros ''", "--repros : there is no such directory"},
      {"passing --repros /proc/self/cmdline", "there is no such directory"},
      {"passing --repros /no/such/place", "--repros /no/such/place: there is no such directory"},
      {"--replay no-such-file", "cannot read the repro no-such-file: "},
  }));
  INFO(arguments);
  const Ended ended = program.run(arguments);
  CHECK(ended.code == 2);
  CHECK_THAT(ended.output, Contains(sentence));
  CHECK(std::ranges::count(ended.output, '\n') == 1);
}

TEST_CASE("options that do not exist or have no number are wrong use") {
  const Program program;
  for (const char* arguments : {"--surprise", "passing --seed x", "passing --seed -1", "passing --jobs many",
                                "passing --timeout 0", "passing --timeout x", "passing surplus"}) {
    INFO(arguments);
    CHECK(program.run(arguments).code == 2);
  }
}

TEST_CASE("what passes ends with 0, what fails with 1") {
  const Program program;
  CHECK(program.run("passing --seeds 1..20").code == 0);
  CHECK(program.run("passing --seed 1").code == 0);
  CHECK(program.run("--list").code == 0);
  CHECK(program.run("--help").code == 0);
  const Ended swept = program.run("unlucky --seeds 1..100 --no-shrink");
  CHECK(swept.code == 1);
  CHECK_THAT(swept.output, Contains("the dice fell on 7"));
  const Ended one = program.run("unlucky --seed " + std::to_string(seed_of(7)));
  CHECK(one.code == 1);
  CHECK_THAT(one.output,
             Contains("seed " + std::to_string(seed_of(7)) + "\nFAILED: exception on host \"table\""));
}

TEST_CASE("the list shows scenarios, arguments and the values they take") {
  const Ended ended = Program().run("--list");
  for (const char* text : {"passing\n", "unlucky\n", "--host VALUE  the name of the host (one of: red, blue)",
                           "--text VALUE  what is sent"}) {
    CHECK_THAT(ended.output, Contains(text));
  }
}

TEST_CASE("the same seed prints the same, and a log shows what happened") {
  const Program program;
  const Ended first = program.run("lossy --seed 3 --log");
  CHECK(first.output == program.run("lossy --seed 3 --log").output);
  CHECK_THAT(first.output, Contains("data_received") && Contains("a second message"));
  CHECK(program.run("lossy --seed 4 --log").output != first.output);
}

TEST_CASE("a sweep leaves a repro that replays the failure to the same fingerprint, until it is stale") {
  const Program program;
  const Ended swept = program.run("lossy --seeds 1..60 --jobs 2");
  CHECK(swept.code == 1);
  CHECK_THAT(swept.output, Contains("--replay") && Contains("was lost (try 0)"));
  const std::string file = program.repro();
  const Ended replayed = program.run("--replay " + file);
  CHECK(replayed.code == 1);
  CHECK_THAT(replayed.output, Contains("the same failure and the same fingerprint as in the repro"));

  std::string text = program.read(file);
  text.replace(text.find("option link.loss 1/8"), 20, "option link.loss 1/9");
  program.write("stale.repro", text);
  const Ended stale = program.run("--replay stale.repro");
  CHECK(stale.code == 2);
  CHECK_THAT(stale.output, Contains("stale: the repro was made with link.loss = 1/9"));
  program.write("broken.repro", text + "override what\n");
  const Ended broken = program.run("--replay broken.repro");
  CHECK(broken.code == 2);
  CHECK_THAT(broken.output, Contains("broken.repro:"));
}

TEST_CASE("a scenario that is named beside a repro of another one is wrong use") {
  const Program program;
  program.run("lossy --seeds 1..60 --jobs 2");
  const Ended ended = program.run("passing --replay $(ls *.repro)");
  CHECK(ended.code == 2);
}

TEST_CASE("the report as JSON is an object a line") {
  const Ended ended = Program().run("unlucky --seeds 1..100 --no-shrink --json");
  CHECK(ended.code == 1);
  std::size_t lines = 0;
  std::size_t begin = 0;
  for (std::size_t end = ended.output.find('\n'); end != std::string::npos;
       end = ended.output.find('\n', begin)) {
    const std::string line = ended.output.substr(begin, end - begin);
    INFO(line);
    CHECK(line.front() == '{');
    CHECK(line.back() == '}');
    begin = end + 1;
    ++lines;
  }
  CHECK(begin == ended.output.size());
  CHECK(lines > 3);
  CHECK_THAT(ended.output, Contains("the dice fell on 7"));
}

TEST_CASE("a crash is confirmed in a fresh process of the program") {
  const Ended ended = Program().run("crashing --seeds 1..40 --jobs 2 --no-shrink");
  CHECK(ended.code == 1);
  CHECK_THAT(ended.output, Contains("crash on host \"fragile\""));
  CHECK_THAT(ended.output, Contains("confirmed in a fresh process"));
}

TEST_CASE("a hang is told with its host, within the time limit") {
  const std::string seed = std::to_string(seed_of(4));
  const Ended ended = Program().run("hanging --seeds " + seed + ".." + seed + " --timeout 3 --no-shrink");
  CHECK(ended.code == 1);
  CHECK_THAT(ended.output, Contains("hang on host \"stuck\""));
}

}  // namespace
}  // namespace twinwire::unit
