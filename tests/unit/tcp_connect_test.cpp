// How simulated connections come about, or do not: refused, black-holed, backlog, descriptors, ports.
#include "endpoints.hpp"

#include <chrono>
#include <set>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

struct TwoHosts {
  explicit TwoHosts(sim::WorldOptions options = {}) : world(1, std::move(options)) {}
  sim::World world;
  sim::Host& server = world.add_host("server");
  sim::Host& client = world.add_host("client");
};

TEST_CASE("where nobody listens a connection is refused after one round trip") {
  TwoHosts hosts;
  const auto client = connect(hosts.client, ConnectOptions("10.0.0.1", 81));
  CHECK(client->error() == errc::connection_refused);
  CHECK(client->when == 2ms);
  CHECK_THAT(client->message(), Contains("connect to 10.0.0.1:81: "));
  CHECK(client->protocol->events.empty());
  CHECK(hosts.client.open_descriptors() == 0);
}

TEST_CASE("a descriptor is the lowest number that is free, as POSIX says") {
  TwoHosts hosts;
  const auto open = [&] {
    error_code error;
    const NativeHandle handle = hosts.client.open_descriptor(error);
    REQUIRE_FALSE(error.failed());
    return handle.value;
  };
  for (int number = 3; number < 10; ++number) CHECK(open() == number);
  for (const int number : {8, 4, 6}) hosts.client.close_descriptor({number});
  CHECK(open() == 4);
  hosts.client.close_descriptor({3});
  for (const int number : {3, 6, 8, 10}) CHECK(open() == number);
  CHECK(hosts.client.open_descriptors() == 8);
}

TEST_CASE("a server that is bound and does not serve refuses") {
  TwoHosts hosts;
  ServerOptions options("", 80);
  options.start_serving = false;
  const Service service = serve(hosts.server, options);
  CHECK(connect(hosts.client, ConnectOptions("10.0.0.1", 80))->error() == errc::connection_refused);
  service.server.start_serving();
  CHECK_FALSE(connect(hosts.client, ConnectOptions("10.0.0.1", 80))->error().failed());
}

TEST_CASE("an address that nobody has is a black hole: seven SYNs, and a timeout after 127 s") {
  TwoHosts hosts;
  const auto client = connect(hosts.client, ConnectOptions("10.9.9.9", 80));
  CHECK(client->error() == errc::timed_out);
  CHECK(client->when == 127s);
}

TEST_CASE("a link that is down is a black hole, and a later SYN gets through once it is up") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  const bool forth = GENERATE(true, false);
  sim::Link& link =
      forth ? hosts.world.link(hosts.client, hosts.server) : hosts.world.link(hosts.server, hosts.client);
  link.options.down = true;
  const auto client = start_connecting(hosts.client, ConnectOptions("10.0.0.1", 80));
  hosts.world.run_for(2s);
  CHECK_FALSE(client->done);
  link.options.down = false;
  hosts.world.run();
  CHECK_FALSE(client->error().failed());
  CHECK(client->when == 3s + 2ms);  // the third SYN
  CHECK(service.count() == 1);
}

TEST_CASE("a connection that is made takes one round trip, and is accepted half a trip later") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  const auto client = connect(hosts.client, ConnectOptions("10.0.0.1", 80));
  CHECK(client->when == 2ms);
  CHECK(service.count() == 0);
  hosts.world.run();
  CHECK(hosts.world.time().time_since_epoch() == 3ms);
  REQUIRE(service.count() == 1);
  const Address local = client->protocol->transport.sockname().value();
  CHECK(service[0].transport.peername() == local);
  CHECK(service[0].transport.sockname() == Address::of("10.0.0.1", 80));
  CHECK(local.port() == 32768);
}

TEST_CASE("a full backlog leaves further SYNs unanswered, until there is room") {
  TwoHosts hosts;
  ServerOptions options("", 80);
  options.backlog = 2;
  // The server has no descriptors left, so that nothing is taken out of the backlog.
  const Service service = serve(hosts.server, options);
  hosts.server.set_max_descriptors(hosts.server.open_descriptors() + 3);
  hosts.server.loop().set_exception_handler([](const ExceptionContext&) {});
  std::vector<std::shared_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(start_connecting(hosts.client, ConnectOptions("10.0.0.1", 80)));
  hosts.world.run_for(900ms);
  CHECK(clients[0]->done);
  CHECK(clients[1]->done);
  CHECK_FALSE(clients[2]->done);
  CHECK(service.count() == 0);
  hosts.server.set_max_descriptors(1024);
  hosts.world.run();
  CHECK(clients[2]->done);
  CHECK_FALSE(clients[2]->error().failed());
  CHECK(clients[2]->when > 1s);
  CHECK(service.count() == 3);
}

TEST_CASE("a listener that closes resets the connections that it has not accepted") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  const auto early = connect(hosts.client, ConnectOptions("10.0.0.1", 80));
  service.server.close();  // the ACK is on its way
  hosts.world.run();
  CHECK(early->protocol->lost);
  CHECK(early->protocol->reason == errc::connection_reset);
  CHECK(early->protocol->events == "CM CL ");
  CHECK(service.count() == 0);
}

TEST_CASE("a client without descriptors fails with EMFILE, and is as before") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  hosts.client.set_max_descriptors(3);
  const auto client = connect(hosts.client, ConnectOptions("10.0.0.1", 80));
  CHECK(client->error() == errc::too_many_files_open);
  hosts.client.set_max_descriptors(4);
  CHECK_FALSE(connect(hosts.client, ConnectOptions("10.0.0.1", 80))->error().failed());
  CHECK(connect(hosts.client, ConnectOptions("10.0.0.1", 80))->error() == errc::too_many_files_open);
  CHECK(hosts.client.open_descriptors() == 1);
}

TEST_CASE("a server without descriptors tells its exception handler, and accepts again a second later") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  hosts.server.set_max_descriptors(hosts.server.open_descriptors() + 3);
  std::vector<std::string> told;
  hosts.server.loop().set_exception_handler([&](const ExceptionContext& context) {
    told.push_back(context.message);
    CHECK(error_code_of(context.exception) == errc::too_many_files_open);
  });
  const auto client = connect(hosts.client, ConnectOptions("10.0.0.1", 80));
  CHECK_FALSE(client->error().failed());
  hosts.world.run_for(500ms);
  CHECK(told == std::vector<std::string>{"cannot accept on 0.0.0.0:80, trying again in 1 s"});
  hosts.server.set_max_descriptors(1024);
  hosts.world.run();
  CHECK(service.count() == 1);
  CHECK(told.size() == 1);
}

TEST_CASE("every client socket has an ephemeral port of its own, which is free again when it is closed") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, 80);
  std::set<std::uint16_t> ports;
  std::vector<std::shared_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect(hosts.client, ConnectOptions("10.0.0.1", 80)));
    const std::uint16_t port = clients.back()->protocol->transport.sockname().value().port();
    CHECK(port >= 32768);
    CHECK(port <= 60999);
    ports.insert(port);
  }
  CHECK(ports.size() == 20);
  ConnectOptions same("10.0.0.1", 80);
  same.local_addr = {"10.0.0.2", *ports.begin()};
  const auto taken = connect(hosts.client, same);
  CHECK(taken->error() == errc::address_in_use);
  CHECK_THAT(taken->message(), Contains("10.0.0.2:32768"));
  clients[0]->protocol->transport.close();
  hosts.world.run();
  CHECK_FALSE(connect(hosts.client, same)->error().failed());
}

TEST_CASE("a port is bound once, and two listeners with reuse_port share it") {
  TwoHosts hosts;
  const Service first = serve(hosts.server, 80);
  CHECK_THROWS_WITH(serve(hosts.server, 80), Contains("create a server: bind 0.0.0.0:80: "));
  CHECK(serve(hosts.server, ServerOptions("", 0)).server.port() >= 32768);
  ServerOptions shared("", 90);
  shared.reuse_port = true;
  const Service one = serve(hosts.server, shared);
  const Service two = serve(hosts.server, shared);
  for (int i = 0; i < 40; ++i) connect(hosts.client, ConnectOptions("10.0.0.1", 90));
  hosts.world.run();
  CHECK(one.count() + two.count() == 40);
  CHECK(one.count() > 5);
  CHECK(two.count() > 5);
}

TEST_CASE("names are looked up inside the world, in the order that they were given") {
  TwoHosts hosts;
  hosts.world.add_name("both", {Address::of("10.9.9.9", 0), Address::of("10.0.0.1", 0)});
  std::vector<Address> found;
  std::exception_ptr failed;
  const auto look_up = [&](const std::string& name, const Port& port, ResolveOptions options = {}) {
    found.clear();
    hosts.client.loop().getaddrinfo(name, port, options,
                                    [&](std::exception_ptr failure, std::vector<Address> addresses) {
                                      failed = std::move(failure);
                                      found = std::move(addresses);
                                    });
    hosts.world.run();
  };
  look_up("both", "http");
  CHECK(found == std::vector{Address::of("10.9.9.9", 80), Address::of("10.0.0.1", 80)});
  CHECK(hosts.world.time().time_since_epoch() == 2ms);
  look_up("localhost", 5);
  CHECK(found == std::vector{Address::of("127.0.0.1", 5), Address::of("::1", 5)});
  ResolveOptions only_v6;
  only_v6.family = Family::ipv6;
  look_up("localhost", 5, only_v6);
  CHECK(found == std::vector{Address::of("::1", 5)});
  look_up("client", 5);
  CHECK(found == std::vector{Address::of("10.0.0.2", 5)});
  look_up("nobody", 5);
  CHECK(found.empty());
  CHECK_THAT(message_of(failed), Contains("resolve nobody:5: "));
  look_up("client", "no-such-service");
  CHECK_THAT(message_of(failed), Contains("resolve client:no-such-service: "));
}

TEST_CASE("every host has a loopback of its own") {
  TwoHosts hosts;
  const Service service = serve(hosts.server, ServerOptions("127.0.0.1", 80));
  CHECK(connect(hosts.client, ConnectOptions("127.0.0.1", 80))->error() == errc::connection_refused);
  CHECK(connect(hosts.client, ConnectOptions("10.0.0.1", 80))->error() == errc::connection_refused);
  CHECK_FALSE(connect(hosts.server, ConnectOptions("127.0.0.1", 80))->error().failed());
  CHECK_FALSE(connect(hosts.server, ConnectOptions("localhost", 80))->error().failed());
}

TEST_CASE("a listening socket that is given away resets those who were on their way to it") {
  TwoHosts hosts;
  error_code error;
  auto acceptor = hosts.server.bind(Address::of("10.0.0.1", 80), {}, error);
  REQUIRE(acceptor);
  acceptor->listen(5);
  const auto waiting = connect(hosts.client, ConnectOptions("10.0.0.1", 80));
  hosts.world.run_for(5ms);  // in the queue
  const auto coming = start_connecting(hosts.client, ConnectOptions("10.0.0.1", 80));
  hosts.world.run_for(1500us);  // its SYN has arrived
  const NativeHandle handle = acceptor->release();
  acceptor.reset();
  hosts.world.run();
  CHECK(waiting->protocol->reason == errc::connection_reset);
  CHECK(coming->protocol->reason == errc::connection_reset);
  hosts.server.close_detached(handle);
  CHECK(hosts.server.open_descriptors() == 0);
}

TEST_CASE("an attempt that fails late does not begin another: the latest one decides") {
  TwoHosts hosts;
  sim::Host& slow = hosts.world.add_host("slow");
  sim::LinkOptions far;
  far.latency = 100ms;
  hosts.world.set_link(hosts.client, slow, far);
  const Service service = serve(hosts.server, 80);
  hosts.world.add_name("three", {slow.address(), Address::of("10.9.9.9", 0), hosts.server.address()});
  ConnectOptions options("three", 80);
  options.happy_eyeballs_delay = 150ms;
  const auto client = connect(hosts.client, options);  // refused at 200 ms, silent from 150 ms on
  CHECK_FALSE(client->error().failed());
  CHECK(client->when == 2ms + 300ms + 2ms);
}

TEST_CASE("0.0.0.0 as a target is the host itself, as 127.0.0.1") {
  TwoHosts hosts;
  ServerOptions elsewhere("10.0.0.2", 80);
  const Service own_address = serve(hosts.client, elsewhere);
  CHECK(connect(hosts.client, ConnectOptions("0.0.0.0", 80))->error() == errc::connection_refused);
  const Service loopback = serve(hosts.client, ServerOptions("127.0.0.1", 80));
  const auto client = connect(hosts.client, ConnectOptions("0.0.0.0", 80));
  REQUIRE_FALSE(client->error().failed());
  CHECK(client->protocol->transport.peername() == Address::of("127.0.0.1", 80));
}

TEST_CASE("with all ports in use neither a client nor a server gets one") {
  sim::WorldOptions options;
  options.host.max_descriptors = 100'000;
  TwoHosts hosts(options);
  std::vector<std::unique_ptr<Wire>> wires;
  error_code error;
  for (int port = 32768; port <= 60999; ++port) {
    wires.push_back(hosts.client.connect(Address::of("10.9.9.9", 80), std::nullopt, error));
    if (!wires.back()) FAIL("no port left after " << wires.size());
  }
  CHECK_FALSE(hosts.client.connect(Address::of("10.9.9.9", 80), std::nullopt, error));
  CHECK(error == errc::address_not_available);
  CHECK_FALSE(hosts.client.bind(Address::of("10.0.0.2", 0), {}, error));
  CHECK(error == errc::address_in_use);
}

}  // namespace
}  // namespace twinwire::unit
