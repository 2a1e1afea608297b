// Names of the world: zones that fail, are slow or silent, and hosts that cannot ask.
#include "endpoints.hpp"

#include <chrono>
#include <set>

#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
namespace netdb = boost::asio::error;

/// The outcome of a look-up, and how long it took.
struct Answer {
  error_code error;
  std::vector<Address> addresses;
  Duration took{};
};

struct Asking {
  explicit Asking(sim::WorldOptions options = {}, std::uint64_t seed = 1) : world(seed, std::move(options)) {
    names.add("db.example", {one, two, three});
  }
  Answer ask(const std::string& name, const Port& port = 80) { return ask(client, name, port); }
  Answer ask(sim::Host& host, const std::string& name, const Port& port = 80) {
    Answer answer;
    const TimePoint begin = world.time();
    host.loop().getaddrinfo(name, port, {},
                            [&](const std::exception_ptr& failure, std::vector<Address> found) {
                              answer = {error_code_of(failure), std::move(found), world.time() - begin};
                            });
    world.run();
    return answer;
  }

  sim::World world;
  sim::Host& client = world.add_host("client");
  sim::Host& other = world.add_host("other");
  sim::Names& names = world.names();
  Address one = Address::of("10.1.0.1", 80);
  Address two = Address::of("10.1.0.2", 80);
  Address three = Address::of("fd00::3", 80);
};

TEST_CASE("a name can be added, changed and removed while the world runs") {
  Asking asking;
  CHECK(asking.ask("db.example").addresses == std::vector{asking.one, asking.two, asking.three});
  asking.names.add("db.example", {asking.two});
  CHECK(asking.ask("db.example").addresses == std::vector{asking.two});
  asking.names.remove("db.example");
  CHECK(asking.ask("db.example").error == netdb::host_not_found);
}

TEST_CASE("the longest zone that fits a name says how it is answered") {
  Asking asking;
  asking.names.zone("example").latency = 70ms;
  CHECK(asking.ask("db.example").took == 70ms);
  CHECK(asking.ask("other").took == 2ms);
  asking.names.zone("db.example").latency = 5ms;
  CHECK(asking.ask("db.example").took == 5ms);
  asking.names.zone("").latency = 40ms;
  CHECK(asking.ask("other").took == 40ms);
  CHECK(asking.ask("nobody.else").took == 40ms);
  CHECK(asking.ask("example").took == 70ms);
}

TEST_CASE("a zone that denies says no at once, one that fails is asked twice") {
  Asking asking;
  asking.names.zone("example").server = sim::NameServer::denying;
  const Answer denied = asking.ask("db.example");
  CHECK(denied.error == netdb::host_not_found);
  CHECK(denied.took == 2ms);
  asking.names.zone("example").server = sim::NameServer::failing;
  const Answer failed = asking.ask("db.example");
  CHECK(failed.error == netdb::host_not_found_try_again);
  CHECK(failed.took == 4ms);
  asking.names.zone("example").server = sim::NameServer::working;
  CHECK(asking.ask("db.example").addresses.size() == 3);
}

TEST_CASE("a silent zone takes 10 s, as glibc waits twice 5 s, and resolver options change that") {
  Asking asking;
  asking.names.zone("example").server = sim::NameServer::silent;
  const Answer silent = asking.ask("db.example");
  CHECK(silent.error == netdb::host_not_found_try_again);
  CHECK(silent.took == 10s);
  asking.names.resolver(asking.client).timeout = 1s;
  asking.names.resolver(asking.client).attempts = 3;
  CHECK(asking.ask("db.example").took == 3s);
  CHECK(asking.ask(asking.other, "db.example").took == 10s);
}

TEST_CASE("a zone that works again in time is answered at the second try") {
  Asking asking;
  asking.names.zone("example").server = sim::NameServer::silent;
  asking.other.loop().call_later(3s, [&] { asking.names.zone("example").server = sim::NameServer::working; });
  const Answer answer = asking.ask("db.example");
  CHECK(answer.addresses.size() == 3);
  CHECK(answer.took == 5s + 2ms);
}

TEST_CASE("an answer to the first question counts also after the second was asked") {
  Asking asking;
  asking.names.zone("example").latency = 7s;
  const Answer late = asking.ask("db.example");
  CHECK(late.addresses.size() == 3);
  CHECK(late.took == 7s);
  asking.names.zone("example").latency = 11s;
  const Answer too_late = asking.ask("db.example");
  CHECK(too_late.error == netdb::host_not_found_try_again);
  CHECK(too_late.took == 10s);
}

TEST_CASE("a host whose resolver is down knows only itself, numbers and services") {
  Asking asking;
  asking.names.resolver(asking.client).down = true;
  CHECK(asking.ask("db.example").took == 10s);
  CHECK(asking.ask("localhost").addresses.size() == 2);
  CHECK(asking.ask("localhost").took == 0s);
  CHECK(asking.ask("10.1.0.1", "http").addresses == std::vector{asking.one});
  CHECK(asking.ask("db.example", "no-such-service").error == netdb::service_not_found);
  CHECK(asking.ask(asking.other, "db.example").addresses.size() == 3);
}

TEST_CASE("lost questions are asked again, each try drawn for itself") {
  Asking asking;
  asking.names.zone("").loss = {1, 2};
  std::set<Duration> times;
  int failures = 0;
  for (int i = 0; i < 40; ++i) {
    const Answer answer = asking.ask("db.example");
    times.insert(answer.took);
    if (answer.error.failed()) ++failures;
  }
  CHECK(times == std::set<Duration>{2ms, 5s + 2ms, 10s});
  CHECK(failures > 2);
  CHECK(failures < 20);
}

TEST_CASE("addresses come in turns if the zone says so, in the order given if all is calm") {
  const auto orders = [](Base base) {
    Choices choices(1, base);
    sim::World world(std::move(choices));
    sim::Host& client = world.add_host("client");
    const std::vector<Address> all = {Address::of("10.1.0.1", 80), Address::of("10.1.0.2", 80),
                                      Address::of("10.1.0.3", 80)};
    world.names().add("db.example", all);
    world.names().zone("example").rotate = true;
    std::set<std::vector<Address>> seen;
    for (int i = 0; i < 30; ++i) {
      client.loop().getaddrinfo("db.example", 80, {},
                                [&](const std::exception_ptr&, std::vector<Address> found) {
                                  CHECK(found.size() == 3);
                                  seen.insert(std::move(found));
                                });
      world.run();
    }
    return seen;
  };
  CHECK(orders(Base::seed).size() == 3);
  const auto calm = orders(Base::calm);
  REQUIRE(calm.size() == 1);
  CHECK(calm.begin()->front() == Address::of("10.1.0.1", 80));
}

TEST_CASE("a connection to a name that nobody can tell says so, and tries no address") {
  Asking asking;
  asking.names.zone("").server = sim::NameServer::failing;
  const auto client = connect(asking.client, ConnectOptions("db.example", 80));
  CHECK(client->error() == netdb::host_not_found_try_again);
  CHECK_THAT(client->message(), Catch::Contains("db.example:80"));
}

TEST_CASE("a look-up that is cancelled is not asked again") {
  Asking asking;
  asking.names.zone("").server = sim::NameServer::silent;
  error_code error;
  const Operation operation = asking.client.loop().getaddrinfo(
      "db.example", 80, {}, [&](const std::exception_ptr& failure, const std::vector<Address>&) {
        error = error_code_of(failure);
      });
  asking.world.run_for(1s);
  operation.cancel();
  asking.world.run();
  CHECK(error == errc::operation_canceled);
  CHECK(asking.world.time().time_since_epoch() == 1s);
}

}  // namespace
}  // namespace twinwire::unit
