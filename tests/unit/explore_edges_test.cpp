// Exploring when something is in the way: interruptions, limits of the system, hangs, exceptions out of
// place.
#include "exploring.hpp"
#include "shapes.hpp"
#include "temporary_directory.hpp"

#include <twinwire/traces/child.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/interruption.hpp>
#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/report.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using traces::ExploreOptions;
using traces::ExploreResult;
using traces::FailureGroup;

TEST_CASE("an interruption while shrinking keeps the best result so far, and every group") {
  const TemporaryDirectory directory;
  const traces::Scenario scenario = lossy_scenario();
  ExploreOptions options = seeds(1, 60);
  options.repro_directory = directory.path();
  Interrupting listener(0, 2);
  const ExploreResult result = explore(options, scenario, scenario.defaults(), &listener);
  CHECK(result.interrupted);
  CHECK(result.done == 60);
  CHECK(result.done_seeds.in_words() == "1..60");
  CHECK(listener.groups == 1);
  CHECK(listener.shrinking == 2);
  REQUIRE(result.groups.size() == 1);
  REQUIRE(result.groups[0].shrunk.has_value());
  CHECK(result.groups[0].shrunk->interrupted);
  CHECK(result.groups[0].shrunk->reduced);
  const traces::ReplayResult replayed = replay(traces::read_repro(result.groups[0].repro), {scenario});
  CHECK(replayed.same_failure);
  CHECK(replayed.same_fingerprint);
}

TEST_CASE("an interruption while a failure is confirmed ends the child at once") {
  // The seeds of the sweep fail in the forks of one worker; the process that confirms sleeps.
  const TemporaryDirectory directory;
  const std::string pid_file = (directory.path() / "pid").string();
  ExploreOptions options = seeds(1, 20);
  options.fresh_process = {"/bin/sh", "-c", "echo $$ > " + pid_file + "; kill -INT $PPID; exec sleep 100"};
  Interrupting listener(0);
  const auto begin = std::chrono::steady_clock::now();
  const ExploreResult result = explore(options, unlucky_scenario(), {}, &listener);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  CHECK(result.interrupted);
  CHECK(listener.groups == result.groups.size());
  REQUIRE_FALSE(result.groups.empty());
  CHECK_FALSE(result.groups[0].confirmation.has_value());
  pid_t sleeper = 0;
  std::ifstream(pid_file) >> sleeper;
  REQUIRE(sleeper > 0);
  CHECK(::kill(sleeper, 0) != 0);
}

TEST_CASE("signals mean again what they meant before, once a sweep is over") {
  struct sigaction before{};
  struct sigaction after{};
  ::sigaction(SIGINT, nullptr, &before);
  explore(seeds(1, 2), unlucky_scenario(), {});
  ::sigaction(SIGINT, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
  CHECK_FALSE(traces::interruption_requested());
}

/// Whether a process of this id is there, and no zombie.
bool lives(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string id;
  std::string name;
  std::string state;
  status >> id >> name >> state;
  return status.good() && state != "Z";
}

TEST_CASE("children do not outlive a parent that is killed") {
  const TemporaryDirectory directory;
  const std::string pid_file = (directory.path() / "pid").string();
  const traces::Scenario sleeping = scenario("sleeping", [&](sim::World&, const traces::Arguments&) {
    std::ofstream(pid_file) << ::getpid() << std::endl;
    std::this_thread::sleep_for(100s);
  });
  const pid_t parent = ::fork();
  if (parent == 0) {
    explore(seeds(1, 1), sleeping, {});
    ::_exit(0);
  }
  pid_t child = 0;
  for (int i = 0; i < 1000 && child == 0; ++i) {
    std::this_thread::sleep_for(10ms);
    std::ifstream(pid_file) >> child;
  }
  REQUIRE(child > 0);
  CHECK(lives(child));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  for (int i = 0; i < 500 && lives(child); ++i) std::this_thread::sleep_for(10ms);
  CHECK_FALSE(lives(child));
}

TEST_CASE("hangs are of the seeds that ran, however short their time is") {
  ExploreOptions options = seeds(1, 200);
  options.timeout = 1ms;
  options.isolate = GENERATE(true, false);
  options.shrink = false;
  const ExploreResult result = explore(options, unlucky_scenario(), {});
  CHECK(result.done == 200);
  CHECK(result.done_seeds.in_words() == "1..200");
  for (const FailureGroup& group : result.groups) CHECK(group.first.seed >= 1);
}

TEST_CASE("hangs in which virtual time passes are one failure, are confirmed, and have a repro") {
  const TemporaryDirectory directory;
  const traces::Scenario ticking = scenario("ticking", [](sim::World& world, const traces::Arguments&) {
    sim::Host& host = world.add_host(roll(world) < 5 ? "left" : "right");
    std::function<void()> tick = [&] { host.loop().call_later(1ms, [&] { tick(); }); };
    tick();
    while (true) {
      world.step();
      ::usleep(100);
    }
  });
  ExploreOptions options = seeds(1, 4);
  options.timeout = 100ms;
  options.repro_directory = directory.path();
  const ExploreResult result = explore(options, ticking, {});
  REQUIRE(result.groups.size() == 1);
  const FailureGroup& group = result.groups[0];
  CHECK(group.count == 4);
  CHECK(group.confirmed());
  CHECK(group.repro.filename() == "ticking-1.repro");
  const traces::ReplayResult replayed =
      replay(traces::read_repro(group.repro), {ticking}, {false, nullptr, 100ms});
  CHECK(replayed.same_failure);
  CHECK_THAT(describe_replay(traces::read_repro(group.repro), replayed),
             Contains("fingerprints are not compared"));
}

TEST_CASE("a scenario that cannot even begin has failed") {
  const traces::Scenario broken = scenario("broken", nullptr);
  const traces::RunOutcome outcome = run_scenario(broken, {}, {3, Base::seed, {}, false});
  CHECK(outcome.failed);
  CHECK(outcome.signature.kind == "exception");
}

TEST_CASE("an exception in a child is its end, and not that of a copy of its parent") {
  const auto outcome = [](const std::function<traces::RunOutcome()>& run) {
    return traces::run_in_child(traces::Child::fork_single(run), 3, 10s);
  };
  const traces::RunOutcome known =
      outcome([]() -> traces::RunOutcome { throw std::logic_error("misplaced"); });
  CHECK(known.failed);
  CHECK(known.seed == 3);
  CHECK(known.signature.kind == "crash");
  CHECK(known.signature.type == "misplaced");
  CHECK(outcome([]() -> traces::RunOutcome { throw 7; }).failed);
}

TEST_CASE("last words in the middle of an outcome are understood") {
  // The pipe is full, and the outcome is half in it, when the time is over.
  traces::RunOutcome large;
  large.failed = true;
  large.signature.message = std::string(1 << 20, 'x');
  traces::Child child = traces::Child::fork_single([&] { return large; });
  std::this_thread::sleep_for(200ms);
  child.interrupt();
  std::this_thread::sleep_for(200ms);
  const traces::RunOutcome outcome = traces::run_in_child(std::move(child), 3, 10s);
  CHECK(outcome.signature == traces::hang_signature());
}

TEST_CASE("a crash while the world is taken down does not look at hosts that are gone") {
  const traces::Scenario late = scenario("late", [](sim::World& world, const traces::Arguments&) {
    struct AtTheEnd {
      ~AtTheEnd() { std::abort(); }
    };
    auto at_the_end = std::make_shared<AtTheEnd>();
    world.add_host("host").loop().call_later(1h, [at_the_end] {});
  });
  const traces::RunOutcome outcome = run_forked(late, {}, {1, Base::seed, {}, false}, 10s);
  CHECK(outcome.signature == traces::FailureSignature{"crash", "", "Aborted", "while there was no world"});
}

TEST_CASE("of a message without end a part is kept, and how much more there was") {
  const traces::Scenario talkative = scenario("talkative", [](sim::World&, const traces::Arguments&) {
    throw std::runtime_error(std::string(1'000'000, 'x'));
  });
  const traces::RunOutcome outcome = run_scenario(talkative, {}, {1, Base::seed, {}, false});
  CHECK(outcome.message.size() < 20'000);
  CHECK_THAT(outcome.message, Catch::StartsWith("xxx") && Catch::EndsWith("xxx... (983616 more bytes)"));
}

TEST_CASE("a failure whose program cannot be run again is not confirmed, but not taken for another one") {
  const auto [command, reason] = GENERATE(table<std::vector<std::string>, std::string>(
      {{{"/nonexistent/program"}, "the program cannot be executed: No such file or directory"},
       {{"/"}, "the program cannot be executed: Permission denied"},
       {{""}, "the program cannot be executed: No such file or directory"},
       {{"/bin/sh", "-c", "exit 3"}, "the process ended before its run began: exit status 3"}}));
  ExploreOptions options = seeds(1, 300);
  options.fresh_process = command;
  const ExploreResult result = explore(options, unlucky_scenario(), {});
  REQUIRE(result.groups.size() == 2);
  for (const FailureGroup& group : result.groups) {
    CHECK_FALSE(group.confirmation);
    CHECK_FALSE(group.shrunk);
    CHECK(group.rerun_error == reason);
    CHECK(confirmation_in_words(group) == "not confirmed: it could not be run again: " + reason);
  }
}

TEST_CASE("a small sweep keeps every worker busy") {
  struct Assignments final : SilentListener {
    void on_assigned(std::uint64_t first, std::uint64_t last) override {
      largest = std::max(largest, last - first + 1);
    }
    std::uint64_t largest = 0;
  };
  Assignments small;
  ExploreOptions options = seeds(1, 40);
  options.jobs = 4;
  options.shrink = false;
  explore(options, unlucky_scenario(), {}, &small);
  CHECK(small.largest <= 2);
  Assignments large;
  options = seeds(1, 5000);
  options.shrink = false;
  explore(options, unlucky_scenario(), {}, &large);
  CHECK(large.largest == 64);
}

TEST_CASE("a repro that cannot be written is told with its group") {
  const traces::Scenario scenario = lossy_scenario();
  ExploreOptions options = seeds(1, 60);
  options.repro_directory = "/no/such/directory";
  const ExploreResult result = explore(options, scenario, scenario.defaults());
  REQUIRE(result.groups.size() == 1);
  CHECK(result.groups[0].shrunk.has_value());
  CHECK(result.groups[0].repro.empty());
  CHECK_THAT(result.groups[0].repro_error, Contains("cannot write the repro /no/such/directory/"));
}

TEST_CASE("all seeds there are can be counted") {
  CHECK(seeds(0, UINT64_MAX).seeds() == UINT64_MAX);
  CHECK(seeds(1, UINT64_MAX).seeds() == UINT64_MAX);
  CHECK(seeds(7, 7).seeds() == 1);
}

}  // namespace
}  // namespace twinwire::unit
