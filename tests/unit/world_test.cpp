// What a world reports: that nothing can happen any more, that time stands still, that a limit was reached.
#include "endpoints.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using sim::FailureKind;

TEST_CASE("a deadlock names who waits for what, and the last event") {
  sim::World world(1);
  sim::Host& host = world.add_host("waiter");
  const Service service = serve(host, 80);
  service.server.close();
  const Service other = serve(host, 81);
  host.loop().call_later(5s, [] {});
  other.server.wait_closed([](std::exception_ptr) {});
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::deadlock);
  CHECK(error.host() == "waiter");
  CHECK(error.event() == "callback");
  CHECK_THAT(error.message(), Contains("waiter waits: wait until a server is closed"));
  CHECK_THAT(error.what(), Contains("deadlock on host \"waiter\" at event \"callback\""));
}

TEST_CASE("what waits in the background is no deadlock") {
  sim::World world(1);
  sim::Host& host = world.add_host("server");
  const Service service = serve(host, 80);
  const Operation serving = service.server.serve_forever([](std::exception_ptr) {});
  world.run();
  CHECK_THAT(world.waiting_report(), Contains("server waits: serve forever"));
}

TEST_CASE("a condition that never holds is a deadlock") {
  sim::World world(1);
  world.add_host("idle").loop().call_later(1s, [] {});
  const sim::SimulationError error = report_of([&] { world.run_until([] { return false; }); });
  CHECK(error.kind() == FailureKind::deadlock);
  CHECK(world.time().time_since_epoch() == 1s);
}

TEST_CASE("events without end in one instant are a livelock of their host") {
  sim::WorldOptions options;
  options.events_per_instant_max = 1000;
  sim::World world(1, options);
  sim::Host& calm = world.add_host("calm");
  sim::Host& busy = world.add_host("busy");
  calm.loop().call_later(1ms, [] {});
  std::function<void()> again = [&] { busy.loop().call_soon(again); };
  busy.loop().call_later(2ms, again);
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::livelock);
  CHECK(error.host() == "busy");
  CHECK(error.event() == "callback");
  CHECK(world.time().time_since_epoch() == 2ms);
}

TEST_CASE("a run that goes on and on reaches the limit of events") {
  sim::WorldOptions options;
  options.events_max = 1000;
  sim::World world(1, options);
  sim::Host& host = world.add_host("ticker");
  std::function<void()> tick = [&] { host.loop().call_later(1s, tick); };
  tick();
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::limit);
  CHECK(error.host() == "ticker");
  CHECK_THAT(error.message(), Contains("more than 1000 events"));
  CHECK(world.events() == 1001);
}

TEST_CASE("a run that sleeps for too long reaches the limit of virtual time") {
  sim::WorldOptions options;
  options.time_max = 1h;
  sim::World world(1, options);
  world.add_host("sleeper").loop().call_later(59min, [] {});
  world.run();
  world.host("sleeper").loop().call_later(2min, [] {});
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::limit);
  CHECK_THAT(error.message(), Contains("virtual time"));
}

TEST_CASE("an exception that nobody handles ends the run, and names host, event and cause") {
  sim::World world(1);
  sim::Host& host = world.add_host("thrower");
  bool later = false;
  host.loop().call_later(1s, [] { throw std::runtime_error("no such luck"); });
  host.loop().call_later(2s, [&] { later = true; });
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::exception);
  CHECK(error.host() == "thrower");
  CHECK(error.event() == "callback");
  CHECK_THAT(error.message(), Contains("a scheduled callback threw an exception: no such luck"));
  CHECK_THROWS_WITH(std::rethrow_exception(error.cause()), "no such luck");
  CHECK_FALSE(later);
}

TEST_CASE("a protocol that throws ends the run on its host, at the event that called it") {
  class Thrower final : public Protocol {
    void data_received(Bytes) override { throw std::runtime_error("cannot read this"); }
  };
  sim::World world(1);
  sim::Host& server = world.add_host("server");
  sim::Host& client = world.add_host("client");
  server.loop().create_server([] { return std::make_shared<Thrower>(); }, ServerOptions("", 80),
                              [](std::exception_ptr, const Server&) {});
  const auto connected = connect(client, ConnectOptions("server", 80));
  connected->protocol->transport.write("hello");
  const sim::SimulationError error = report_of([&] { world.run(); });
  CHECK(error.kind() == FailureKind::exception);
  CHECK(error.host() == "server");
  CHECK(error.event() == "segment");
  CHECK_THAT(error.message(), Contains("data_received threw an exception: cannot read this"));
}

TEST_CASE("an exception handler takes the failure, and the run goes on") {
  sim::World world(1);
  sim::Host& host = world.add_host("careful");
  std::string told;
  host.loop().set_exception_handler(
      [&](const ExceptionContext& context) { told = message_of(context.exception); });
  host.loop().call_soon([] { throw std::runtime_error("caught"); });
  world.run();
  CHECK(told == "caught");
  CHECK(world.unhandled_failure() == nullptr);
}

TEST_CASE("a world that runs refuses to be run from inside") {
  sim::World world(1);
  sim::Host& host = world.add_host("nested");
  int refused = 0;
  host.loop().call_soon([&] {
    for (const auto& run :
         {std::function<void()>([&] { world.run(); }), std::function<void()>([&] { world.run_for(1s); }),
          std::function<void()>([&] { world.run_until([] { return false; }); })}) {
      try {
        run();
      } catch (const std::logic_error&) {
        ++refused;
      }
    }
  });
  world.run();
  CHECK(refused == 3);
}

TEST_CASE("hosts have names and addresses of their own") {
  sim::World world(1);
  sim::Host& first = world.add_host("first");
  sim::Host& second = world.add_host("second");
  CHECK(first.address() == Address::of("10.0.0.1", 0));
  CHECK(second.address() == Address::of("10.0.0.2", 0));
  CHECK(&world.host("second") == &second);
  CHECK_THROWS_AS(world.add_host("first"), std::invalid_argument);
  CHECK_THROWS_AS(world.add_host(""), std::invalid_argument);
  CHECK_THROWS_WITH(world.host("third"), "there is no host \"third\"");
  sim::HostOptions same;
  same.addresses = {Address::of("10.0.0.2", 0)};
  CHECK_THROWS_WITH(world.add_host("third", same), "add_host: the address 10.0.0.2 is taken");
}

TEST_CASE("a host that is given no address gets one that is free") {
  sim::World world(1);
  sim::HostOptions options;
  options.addresses = {Address::of("10.0.0.2", 0)};
  world.add_host("first", options);
  CHECK(world.add_host("second").address() != Address::of("10.0.0.2", 0));
}

TEST_CASE("a world can be ended with anything pending, and tells nobody") {
  const auto protocol = std::make_shared<Recorder>();
  {
    sim::World world(1);
    sim::Host& server = world.add_host("server");
    sim::Host& client = world.add_host("client");
    const Service service = serve(server, 80);
    client.loop().create_connection([&] { return protocol; }, ConnectOptions("server", 80),
                                    [](std::exception_ptr, const Connection&) {});
    world.run_for(3500us);
    protocol->transport.write(std::string(1'000'000, 'x'));
    start_connecting(client, ConnectOptions("10.9.9.9", 80));
    client.loop().call_later(1h, [] {});
    client.loop().run_in_executor([] {}, [](std::exception_ptr) {});
    world.run_for(500us);
    REQUIRE(protocol->events == "CM ");
  }
  CHECK(protocol->events == "CM ");
  CHECK(protocol.use_count() == 1);
  protocol->transport.write("into the void");
  CHECK(protocol->transport.is_closing());
}

TEST_CASE("options that make no sense are refused, with the rule that they break") {
  sim::WorldOptions options;
  SECTION("a link that takes no byte") {
    options.link.max_segment = 0;
  }
  SECTION("a negative latency") {
    options.loopback.latency = -1ns;
  }
  SECTION("odds above 1") {
    options.link.loss = {2, 1};
  }
  SECTION("a clock that stands still") {
    options.host.drift_ppm = -1'000'000;
  }
  SECTION("a negative limit") {
    options.host.max_descriptors = -1;
  }
  SECTION("a look-up into the past") {
    options.name_latency = -1ns;
  }
  CHECK_THROWS_AS(sim::World(1, options), std::invalid_argument);
  sim::World world(1);
  CHECK_THROWS_AS(world.add_host("host",
                                 [] {
                                   sim::HostOptions host;
                                   host.drift_ppm = -2'000'000;
                                   return host;
                                 }()),
                  std::invalid_argument);
}

TEST_CASE("time does not go back, and a world runs once at a time") {
  sim::World world(1);
  Loop& loop = world.add_host("host").loop();
  CHECK_THROWS_AS(world.run_for(-1ns), std::invalid_argument);
  int refused = 0;
  loop.call_soon([&] {
    const auto refuses = [&](auto run) {
      try {
        run();
      } catch (const std::logic_error&) {
        ++refused;
      }
    };
    refuses([&] { world.step(); });
    refuses([&] { world.run(); });
    refuses([&] { world.run_for(1s); });
    refuses([&] { world.run_until([] { return true; }); });
    refuses([&] { world.run_until([] { return false; }); });
  });
  world.run();
  CHECK(refused == 4);  // a condition that holds already needs no running
}

}  // namespace
}  // namespace twinwire::unit
