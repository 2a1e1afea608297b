// Running, stopping, and callbacks that fail.
#include "harness.hpp"

#include <stdexcept>
#include <string>

namespace twinwire::contract {
namespace {

CONTRACT_TEST("LOOP-08", "a callback that throws is reported, and the rest of the turn runs") {
  Loop& loop = stage.server();
  std::string log;
  loop.call_soon([&] { log += 'a'; });
  loop.call_soon([] { throw std::runtime_error("the first"); });
  loop.call_soon([&] { log += 'b'; });
  loop.call_soon([] { throw 42; });
  loop.call_soon([&] { log += 'c'; });
  loop.call_later(Duration(1), [] { throw std::runtime_error("the timer"); });
  stage.run_until([&] { return log.size() == 3; }, "three callbacks");
  stage.settle();
  CHECK(log == "abc");
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 3);
  CHECK(reports[0].what == "the first");
  CHECK(reports[2].what == "the timer");
  for (const Report& report : reports) {
    CHECK_FALSE(report.message.empty());
    CHECK(report.exception != nullptr);
    CHECK_FALSE(report.transport);
    CHECK(report.protocol == nullptr);
  }
  CHECK_THROWS_AS(std::rethrow_exception(reports[1].exception), int);
}

CONTRACT_TEST("LOOP-11",
              "stop lets the callbacks of this turn finish; what they scheduled waits for the next run") {
  Loop& loop = stage.server();
  std::string log;
  loop.call_soon([&] {
    CHECK(loop.is_running());
    log += 'a';
    loop.call_soon([&] { log += 'c'; });
    loop.stop();
  });
  loop.call_soon([&] {
    log += 'b';
    loop.call_soon([&] { log += 'd'; });
  });
  loop.run_forever();
  CHECK_FALSE(loop.is_running());
  CHECK(log == "ab");
  loop.stop();
  loop.run_forever();
  CHECK(log == "abcd");
}

CONTRACT_TEST("LOOP-11", "stop before running makes one turn run") {
  Loop& loop = stage.server();
  std::string log;
  loop.call_soon([&] {
    log += 'a';
    loop.call_soon([&] { log += 'b'; });
  });
  loop.stop();
  loop.run_forever();
  CHECK(log == "a");
  loop.stop();
  loop.run_forever();
  CHECK(log == "ab");
  loop.stop();  // with nothing to do at all
  loop.run_forever();
  CHECK(log == "ab");
}

CONTRACT_TEST("LOOP-11", "stop from a timer ends a loop that has nothing else to do") {
  Loop& loop = stage.server();
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop.call_later(std::chrono::milliseconds(1), [&] {
      ++runs;
      loop.stop();
      loop.stop();  // twice is once
    });
    loop.run_forever();
    CHECK(runs == i + 1);
  }
}

}  // namespace
}  // namespace twinwire::contract
