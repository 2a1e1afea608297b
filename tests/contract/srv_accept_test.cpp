// Accepting when the system has run out of descriptors.
#include "endpoints.hpp"
#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// While it lives, the server's host has no descriptor left; on the real system, where that is the whole
/// process, `for_clients` are. Nothing is asserted meanwhile: sanitizers look at objects through descriptors,
/// and find fault with those of a type that they see for the first time.
class Exhausted {
 public:
  Exhausted(Stage& stage, int for_clients) {
    if (sim::World* world = stage.world()) {
      host_ = &world->host("server");
      limit_before_ = host_->options().max_descriptors;
      host_->set_max_descriptors(0);
      return;
    }
    // A limit is on the numbers, and the lowest free one is always taken: below these, all are.
    std::vector<int> descriptors;
    for (int i = 0; i <= for_clients; ++i) descriptors.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(std::ranges::is_sorted(descriptors));
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit lowered{static_cast<rlim_t>(descriptors.back()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lowered);
    for (const int descriptor : descriptors) ::close(descriptor);
  }
  Exhausted(const Exhausted&) = delete;
  Exhausted& operator=(const Exhausted&) = delete;
  ~Exhausted() {
    if (host_) {
      host_->set_max_descriptors(limit_before_);
    } else {
      ::setrlimit(RLIMIT_NOFILE, &before_);
    }
  }

 private:
  sim::Host* host_ = nullptr;
  int limit_before_ = 0;
  rlimit before_{};
};

/// What the exception handler was told.
class Complaints {
 public:
  explicit Complaints(Stage& stage) : stage_(stage) {}
  std::size_t count() {
    for (Report& report : stage_.take_reports()) reports.push_back(std::move(report));
    return reports.size();
  }

  std::vector<Report> reports;

 private:
  Stage& stage_;
};

CONTRACT_TEST("SRV-11", "out of descriptors, accepting pauses and resumes by itself about a second later") {
  stage.calm();
  const Service service(stage);
  const auto before = connect_to(stage, service);
  Complaints complaints(stage);
  std::optional<Exhausted> exhausted(std::in_place, stage, 1);
  Connecting first(stage, stage.client(), stage.address_of(service.server));
  stage.run_until([&] { return complaints.count() != 0; }, "the exception handler to be told");
  exhausted.reset();
  CHECK(first.outcome->error() == "");

  // One more client comes while accepting rests; its socket is there already when descriptors end again.
  error_code error;
  const auto second = stage.client().backend().connect(service.address(), std::nullopt, error);
  CHECK(error == error_code{});
  exhausted.emplace(stage, 0);
  service[0].transport.write("still here");  // the loop goes on meanwhile
  stage.run_until_received(*before, 10);
  if (stage.simulated()) {
    stage.run_for(500ms);
    CHECK(complaints.count() == 1);
    CHECK(service.count() == 1);
  }
  exhausted.reset();

  stage.run_until([&] { return service.count() == 3; }, "the clients that waited to be accepted");
  const Duration paused = stage.server().time() - complaints.reports[0].time;
  CHECK(paused >= 900ms);
  if (stage.simulated()) CHECK(paused <= 3s);
  const std::size_t told = complaints.count();
  if (stage.simulated()) CHECK(told == 1);  // a busy system may have tried again meanwhile
  CHECK(error_code_of(complaints.reports[0].exception) == errc::too_many_files_open);
  CHECK_THAT(complaints.reports[0].what, Catch::Contains(service.address().to_string()));
  first.protocol->transport.write("hello");
  stage.run_until_received(service[1], 5);
  const auto after = connect_to(stage, service);
  CHECK(service.count() == 4);
}

CONTRACT_TEST("SRV-11", "accepting is tried again every second for as long as descriptors are missing") {
  stage.calm();
  const Service service(stage);
  Complaints complaints(stage);
  {
    const Exhausted exhausted(stage, 1);
    Connecting client(stage, stage.client(), stage.address_of(service.server));
    stage.run_until([&] { return complaints.count() == 2; }, "the exception handler to be told twice");
  }
  CHECK(complaints.reports[1].time - complaints.reports[0].time >= 900ms);
  CHECK(error_code_of(complaints.reports[1].exception) == errc::too_many_files_open);
  CHECK(service.count() == 0);
  stage.run_until([&] { return service.count() == 1; }, "the client to be accepted");
}

CONTRACT_TEST("SRV-11", "a server that is closed while accepting rests does not accept again") {
  stage.calm();
  const Service service(stage);
  const Server server = service.server;
  Complaints complaints(stage);
  {
    const Exhausted exhausted(stage, 1);
    Connecting client(stage, stage.client(), stage.address_of(server));
    stage.run_until([&] { return complaints.count() != 0; }, "the exception handler to be told");
    as_user([&] { server.close(); });
  }
  stage.run_for(1200ms);
  CHECK(service.count() == 0);
  CHECK(complaints.count() == 1);
}

}  // namespace
}  // namespace twinwire::contract
