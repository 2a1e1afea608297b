// How a loop is closed: everything that is pending ends, what begins meanwhile does so too, and once each.
#include "endpoints.hpp"
#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

namespace twinwire::contract {
namespace {

CONTRACT_TEST("GEN-02",
              "closing a loop loses each connection once, and completes what connection_lost begins") {
  Loop& loop = stage.client();
  const Service service(stage);
  const ConnectOptions there(stage.server_address(), service.server.port());
  std::vector<std::shared_ptr<Recorder>> clients;
  std::vector<std::shared_ptr<Outcome<Connection>>> outcomes;
  const std::function<void()> connect = [&] {
    clients.push_back(stage.recorder("client"));
    outcomes.push_back(Outcome<Connection>::make());
    clients.back()->on_lost = [&](error_code) { connect(); };
    loop.create_connection(clients.back()->factory(), there, outcomes.back()->completion());
  };
  connect();
  stage.run_until([&] { return outcomes[0]->succeeded() && service.count() == 1; }, "a connection");
  loop.close();
  CHECK(loop.is_closed());
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1]->error() == "loop_closed");
  CHECK(clients[0]->events() == "CM CL");
  CHECK(clients[1]->events().empty());
  CHECK(loop.pending_operations(true).empty());
}

CONTRACT_TEST("GEN-06", "a socket that is adopted while the loop closes is closed without connection_made") {
  Loop& loop = stage.client();
  const Service service(stage);
  const NativeHandle handle = connected_socket(stage, service.server);
  const auto client = stage.recorder("client");
  const auto late = stage.recorder("late");
  const auto outcome = Outcome<Connection>::make();
  const auto adopted = Outcome<Connection>::make();
  client->on_lost = [&](error_code) {
    loop.connect_accepted_socket(late->factory(), handle, adopted->completion());
  };
  loop.create_connection(client->factory(), {stage.server_address(), service.server.port()},
                         outcome->completion());
  stage.run_until([&] { return outcome->done() && service.count() == 2; }, "two connections");
  loop.close();
  CHECK(client->events() == "CM CL");
  CHECK(adopted->error() == "loop_closed");
  CHECK(late->events().empty());
}

CONTRACT_TEST("LOOP-01",
              "callbacks that are ready when the loop is closed still run, and what they begin ends") {
  Loop& loop = stage.server();
  const auto outcome = Outcome<std::vector<Address>>::make();
  bool too_late = false;
  loop.call_soon([&] { loop.getaddrinfo("no.such.name.example", 80, {}, outcome->completion()); });
  loop.call_later(Duration::zero(), [&] { too_late = true; });
  loop.close();
  CHECK(outcome->error() == "loop_closed");
  CHECK_FALSE(too_late);
}

CONTRACT_TEST("LOOP-12", "closing a loop removes its signal handlers") {
  Loop& loop = stage.server();
  bool called = false;
  loop.add_signal_handler(SIGUSR1, [&] { called = true; });
  loop.add_signal_handler(SIGUSR2, [&] { called = true; });
  loop.close();
  CHECK_FALSE(loop.remove_signal_handler(SIGUSR1));
  if (sim::World* world = stage.world()) {
    world->host("server").deliver_signal(SIGUSR1);
    stage.settle();
  } else {
    for (const int number : {SIGUSR1, SIGUSR2}) {
      struct sigaction now{};
      REQUIRE(::sigaction(number, nullptr, &now) == 0);
      CHECK(now.sa_handler == SIG_DFL);
    }
  }
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace twinwire::contract
