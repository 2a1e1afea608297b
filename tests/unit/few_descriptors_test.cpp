// What throws when there is no descriptor left.
//
// A program of its own, as it is not built with sanitizers: that for undefined behaviour needs a pipe to look
// at an exception, and takes it for damaged when it gets none.
#include "few_descriptors.hpp"

#include "exploring.hpp"
#include "loops.hpp"
#include "shapes.hpp"

#include <twinwire/net/executor.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/traces/explore.hpp>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

namespace asio = boost::asio;
using Catch::Matchers::Contains;
using traces::ExploreOptions;
using traces::ExploreResult;
using traces::FailureGroup;

TEST_CASE("asking for Asio's context without a descriptor left throws, and works later") {
  RealLoop here;
  const Executor executor = here.loop.get_executor();
  const asio::any_io_executor any = executor;
  {
    const FewDescriptors none(0);
    CHECK_THROWS_AS(asio::make_strand(executor), OperationError);
    CHECK_THROWS_AS(asio::make_strand(any), OperationError);
    CHECK_THROWS_WITH(asio::steady_timer(executor), Contains("io_context"));
  }
  bool ran = false;
  asio::post(asio::make_strand(any), [&] {
    ran = true;
    here.loop.stop();
  });
  here.loop.run_forever();
  CHECK(ran);
}

TEST_CASE("without a descriptor left no child is started") {
  struct Ignorant final : SubprocessProtocol {};
  RealLoop here;
  for (const int left : {0, 1, 3, 5}) {
    const FewDescriptors few(left);
    std::exception_ptr failure;
    here.loop.subprocess_exec([] { return std::make_shared<Ignorant>(); }, {"true", {}},
                              [&](std::exception_ptr ended, Subprocess) {
                                failure = std::move(ended);
                                here.loop.stop();
                              });
    here.loop.run_forever();
    REQUIRE(failure);
    CHECK(error_code_of(failure) == errc::too_many_files_open);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
  }
}

TEST_CASE("where no process can be started the sweep says so; with fewer than were asked for it goes on") {
  struct Workers final : SilentListener {
    void on_fewer_workers(unsigned are_there, unsigned were_wanted, const std::string& why) override {
      there = are_there;
      wanted = were_wanted;
      reason = why;
    }
    unsigned there = 0;
    unsigned wanted = 0;
    std::string reason;
  };
  Workers workers;
  const auto explore_with = [&](rlim_t more) {
    const FewDescriptors few(more);
    ExploreOptions options = seeds(1, 300);
    options.jobs = 100;
    options.shrink = false;
    return explore(options, unlucky_scenario(), {}, &workers);
  };
  CHECK(explore_with(12).done == 300);
  CHECK(workers.there > 0);
  CHECK(workers.there < 12);
  CHECK(workers.wanted == 100);
  CHECK(workers.reason == "Too many open files");
  CHECK_THROWS_WITH(explore_with(3), Contains("cannot start a worker process: "));
}

TEST_CASE("what a sweep has found is told, though the system has no process left to look at it again") {
  struct Exhausting final : SilentListener {
    explicit Exhausting(std::uint64_t when) : when(when) {}
    void on_progress(std::uint64_t done, std::uint64_t, std::uint64_t) override {
      if (done == when) few.emplace(0);
    }
    void on_group(const FailureGroup& group) override {
      CHECK_FALSE(group.confirmation);
      errors.push_back(group.rerun_error);
    }
    std::uint64_t when;
    std::vector<std::string> errors;
    std::optional<FewDescriptors> few;
  };
  ExploreOptions options = seeds(1, 300);
  SECTION("at its end") {
    Exhausting listener(300);
    const ExploreResult result = explore(options, unlucky_scenario(), {}, &listener);
    CHECK_FALSE(result.interrupted);
    REQUIRE(listener.errors.size() == 2);
    for (const std::string& error : listener.errors) CHECK_THAT(error, Contains("Too many open files"));
  }
  SECTION("in the middle") {
    options.jobs = 1;
    options.isolate = true;
    Exhausting listener(200);
    const ExploreResult result = explore(options, unlucky_scenario(), {}, &listener);
    CHECK(result.interrupted);
    CHECK(result.done == 200);
    CHECK(listener.errors.size() == 2);
  }
}

}  // namespace
}  // namespace twinwire::unit
