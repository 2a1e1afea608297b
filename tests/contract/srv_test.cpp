// What a server listens on.
#include "endpoints.hpp"
#include "harness.hpp"
#include "raw_socket.hpp"

#include <algorithm>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace twinwire::contract {
namespace {

/// The hosts of the listening sockets, in order.
std::vector<std::string> hosts_of(const Server& server) {
  std::vector<std::string> hosts;
  for (const ServerSocket& socket : server.sockets()) hosts.push_back(socket.sockname.host());
  return hosts;
}

ServerOptions on(std::vector<std::string> hosts, int port) {
  ServerOptions options;
  options.hosts = std::move(hosts);
  options.port = port;
  return options;
}

/// A create_server that has completed.
std::shared_ptr<Outcome<Server>> create(Stage& stage, ServerOptions options, Operation* operation = nullptr) {
  const auto outcome = Outcome<Server>::make();
  const Operation started = as_user([&] {
    return stage.server().create_server(stage.recorder("server")->factory(), std::move(options),
                                        outcome->completion());
  });
  if (operation) *operation = started;
  stage.run_until([&] { return outcome->done(); }, "the server to listen, or not");
  return outcome;
}

CONTRACT_TEST("SRV-01", "create_server binds and accepts at once, and shows its socket") {
  const Service service(stage);
  CHECK(service.server.is_serving());
  const std::vector<ServerSocket> sockets = service.server.sockets();
  REQUIRE(sockets.size() == 1);
  CHECK(sockets[0].sockname.host() == stage.server_address());
  CHECK(sockets[0].handle);
  const auto client = connect_to(stage, service);
  CHECK(client->transport.raw().peername() == sockets[0].sockname);
  client->transport.write("hello");
  stage.run_until_received(service[0], 5);
  client->transport.close();
  stage.run_until_lost(service[0]);
  CHECK(service[0].events() == "CM DR:hello ER CL");
}

CONTRACT_TEST("SRV-01", "port 0 picks a free port, which sockname shows") {
  const Service first(stage);
  const Service second(stage);
  CHECK(first.server.port() != 0);
  CHECK(second.server.port() != 0);
  CHECK(first.server.port() != second.server.port());
  const auto to_second = connect_to(stage, second);
  const auto to_first = connect_to(stage, first);
  CHECK(first.count() == 1);
  CHECK(second.count() == 1);
}

CONTRACT_TEST("SRV-02", "start_serving=false binds, but clients are refused until start_serving") {
  ServerOptions options;
  options.start_serving = false;
  const Service service(stage, options);
  CHECK_FALSE(service.server.is_serving());
  REQUIRE(service.server.sockets().size() == 1);
  const Address address = service.address();
  CHECK(address.port() != 0);
  Connecting early(stage, stage.client(), {address.host(), address.port()});
  early.run();
  CHECK(early.outcome->error() == "connection_refused");

  as_user([&] { service.server.start_serving(); });
  CHECK(service.server.is_serving());
  CHECK(service.address() == address);
  const auto client = connect_to(stage, service);
  as_user([&] { service.server.start_serving(); });  // does nothing
  CHECK(service.server.is_serving());
  const auto another = connect_to(stage, service);
  stage.settle();
  CHECK(service.count() == 2);
  CHECK(service[0].events() == "CM");
}

CONTRACT_TEST("SRV-08", "a list of hosts binds all of them, each address once") {
  const int port = free_port(stage);
  const Service service(stage, on({"127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.0.1"}, port));
  CHECK(hosts_of(service.server) == std::vector<std::string>{"127.0.0.2", "127.0.0.1"});
  for (const ServerSocket& socket : service.server.sockets()) {
    CHECK(socket.sockname.port() == port);
    CHECK(error_of_connecting(stage, stage.server(), socket.sockname) == "");
  }
  stage.run_until([&] { return service.count() == 2; }, "two connections");
}

CONTRACT_TEST("SRV-08", "no host binds every family, on the same port") {
  const int port = free_port(stage);
  const bool two_families = has_address(stage.server(), "::1");
  ServerOptions absent;
  absent.port = port;
  for (const ServerOptions& options : {absent, on({""}, port)}) {
    const auto outcome = create(stage, options);
    INFO(outcome->message());
    REQUIRE(outcome->succeeded());
    std::vector<std::string> hosts = hosts_of(outcome->value);
    std::ranges::sort(hosts);
    CHECK(hosts ==
          (two_families ? std::vector<std::string>{"0.0.0.0", "::"} : std::vector<std::string>{"0.0.0.0"}));
    for (const ServerSocket& socket : outcome->value.sockets()) CHECK(socket.sockname.port() == port);
    CHECK(error_of_connecting(stage, stage.server(), Address::of("127.0.0.1", outcome->value.port())) == "");
    outcome->value.close();
    stage.settle();
  }
}

CONTRACT_TEST("SRV-08", "IPv6 sockets are for IPv6 only, so both families can have a port each") {
  if (!has_address(stage.server(), "::1")) {
    SUCCEED("this system has no IPv6");
    return;
  }
  const int port = free_port(stage);
  const Service six(stage, on({"::"}, port));
  CHECK(error_of_connecting(stage, stage.server(), Address::of("127.0.0.1", six.server.port())) ==
        "connection_refused");
  CHECK(error_of_connecting(stage, stage.server(), Address::of("::1", six.server.port())) == "");
  stage.run_until([&] { return six.count() == 1; }, "a connection over IPv6");
  const Service four(stage, on({"0.0.0.0"}, port));
  CHECK(error_of_connecting(stage, stage.server(), Address::of("127.0.0.1", four.server.port())) == "");
  stage.run_until([&] { return four.count() == 1; }, "a connection over IPv4");
  CHECK(six.count() == 1);
}

CONTRACT_TEST("SRV-09", "an address in use fails with address_in_use, and names the address") {
  const Service first(stage);
  const Address address = first.address();
  const auto outcome = create(stage, on({address.host()}, address.port()));
  CHECK(outcome->error() == "address_in_use");
  CHECK_THAT(outcome->message(), Catch::Contains(address.to_string()));
  CHECK_FALSE(outcome->value);
  const auto client = connect_to(stage, first);  // which is not disturbed
}

CONTRACT_TEST("SRV-09", "when one address is in use, sockets bound before it are released") {
  const int port = free_port(stage);
  const Service in_use(stage, on({"127.0.0.1"}, port));
  const std::size_t before = stage.open_descriptors();
  Operation operation;
  const auto outcome = create(stage, on({"127.0.0.2", "127.0.0.1", "127.0.0.3"}, port), &operation);
  CHECK(outcome->error() == "address_in_use");
  CHECK_THAT(outcome->message(), Catch::Contains("127.0.0.1:" + std::to_string(port)));
  CHECK(stage.open_descriptors() == before);
  const auto again = create(stage, on({"127.0.0.2"}, port));
  CHECK(again->succeeded());
  again->value.close();
}

CONTRACT_TEST("SRV-10", "with reuse_port two servers share a port, without it they do not") {
  ServerOptions options;
  options.reuse_port = true;
  const Service first(stage, options);
  options.port = first.server.port();
  const Service second(stage, options);
  CHECK(first.address() == second.address());
  constexpr std::size_t clients = 8;
  for (std::size_t i = 0; i < clients; ++i) {
    Connecting client(stage, stage.client(), stage.address_of(first.server));
    client.run();
    CHECK(client.outcome->succeeded());
  }
  stage.run_until([&] { return first.count() + second.count() == clients; }, "all clients");

  CHECK(create(stage, on({stage.server_address()}, first.server.port()))->error() == "address_in_use");
}

CONTRACT_TEST("SRV-10", "a server can be started again on its port right after it was closed") {
  CHECK(ServerOptions().reuse_address);
  auto first = std::make_unique<Service>(stage);
  const int port = first->server.port();
  const auto ended_by_server = connect_to(stage, *first);
  const auto alive = connect_to(stage, *first);
  // The end that closes first is the one for which a system remembers the port for a while.
  (*first)[0].transport.close();
  stage.run_until_lost(*ended_by_server);
  stage.run_until_lost((*first)[0]);
  first->server.close();
  const Service second(stage, on({stage.server_address()}, port));
  const auto client = connect_to(stage, second);
  CHECK(second.server.port() == port);
  CHECK_FALSE(alive->lost());
}

CONTRACT_TEST("SRV-12", "a ready-made socket that is bound can be served") {
  error_code error;
  const auto acceptor = stage.server().backend().bind(Address::of(stage.server_address(), 0), {}, error);
  REQUIRE(acceptor != nullptr);
  ServerOptions options;
  options.sock = acceptor->release();
  const Service service(stage, options);
  REQUIRE(service.server.sockets().size() == 1);
  CHECK(service.server.sockets()[0].handle == options.sock);
  const auto client = connect_to(stage, service);
  client->transport.write("hello");
  stage.run_until_received(service[0], 5);
}

CONTRACT_TEST("SRV-12", "a ready-made socket that is no bound stream socket is rejected") {
  Loop& loop = stage.server();
  const Service service(stage);
  const auto client = stage.recorder("client");
  const NativeHandle connected = accepted_socket(stage, *client);
  const NativeHandle datagrams = datagram_socket(stage);
  const PipeEnds pipe = loop.make_pipe();
  error_code error;
  const NativeHandle closed =
      loop.backend().bind(Address::of(stage.server_address(), 0), {}, error)->native_handle();
  const std::size_t before = stage.open_descriptors();
  for (const NativeHandle handle : {connected, datagrams, pipe.reading, closed, NativeHandle{901}}) {
    ServerOptions options;
    options.sock = handle;
    const auto outcome = Outcome<Server>::make();
    CHECK_THROWS_AS(loop.create_server(client->factory(), options, outcome->completion()),
                    std::invalid_argument);
    stage.settle();
    CHECK_FALSE(outcome->done());
  }
  CHECK(stage.open_descriptors() == before);  // what was rejected still belongs to the caller
  CHECK(loop.pending_operations(true).empty());
  loop.backend().close_handle(connected);
  for (const NativeHandle handle : {datagrams, pipe.reading, pipe.writing}) loop.close_handle(handle);
  stage.run_until_lost(*client);
}

CONTRACT_TEST("SRV-12", "a ready-made socket together with a host or port is rejected, and so is neither") {
  Loop& loop = stage.server();
  error_code error;
  const auto acceptor = stage.server().backend().bind(Address::of(stage.server_address(), 0), {}, error);
  REQUIRE(acceptor != nullptr);
  const NativeHandle handle = acceptor->release();
  const auto rejected = [&](const ServerOptions& options) {
    CHECK_THROWS_AS(loop.create_server([] { return nullptr; }, options, [](auto&&...) {}),
                    std::invalid_argument);
  };
  ServerOptions with_host;
  with_host.sock = handle;
  with_host.hosts = {stage.server_address()};
  rejected(with_host);
  ServerOptions with_port;
  with_port.sock = handle;
  with_port.port = 0;
  rejected(with_port);
  rejected(ServerOptions());
  ServerOptions alone;  // nothing happened to it
  alone.sock = handle;
  const Service service(stage, alone);
  const auto client = connect_to(stage, service);
}

}  // namespace
}  // namespace twinwire::contract
