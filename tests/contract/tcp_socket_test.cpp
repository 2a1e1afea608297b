// TCP transports and the sockets below them.
#include "harness.hpp"

#include <twinwire/net/wire/backend.hpp>

#include <sys/socket.h>

namespace twinwire::contract {
namespace {

CONTRACT_TEST("TCP-18", "get_extra_info tells both addresses and the handle, and the default otherwise") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const Server listening = stage.listen(server->factory());
  const Address listens = Address::of(stage.server_address(), listening.port());
  stage.client().create_connection(client->factory(), stage.address_of(listening), [](auto, auto) {});
  stage.run_until([&] { return client->made() && server->made(); }, "the connection");
  listening.close();

  const Transport& near = client->transport.raw();
  const Transport& far = server->transport.raw();
  CHECK(near.peername() == listens);
  CHECK(far.sockname() == listens);
  REQUIRE(near.sockname());
  CHECK(near.sockname() == far.peername());
  CHECK(near.sockname()->port() != 0);
  CHECK(near.get_extra_info("peername") == ExtraInfo(listens));
  const ExtraInfo handle = near.get_extra_info("socket");
  REQUIRE(std::holds_alternative<NativeHandle>(handle));
  CHECK(std::get<NativeHandle>(handle));
  CHECK(near.get_extra_info("no such thing") == ExtraInfo());
  CHECK(near.get_extra_info("no such thing", ExtraInfo("default")) == ExtraInfo("default"));
  CHECK(near.get_extra_info("peername", ExtraInfo("default")) == ExtraInfo(listens));

  client->transport.close();
  stage.run_until_lost({client, server});
  CHECK(near.peername() == listens);
  CHECK(far.sockname() == listens);
}

CONTRACT_TEST("TCP-18", "the addresses are known inside CM already") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::optional<Address> from;
  std::optional<Address> to;
  client->on_made = [&] { from = client->transport.raw().sockname(); };
  server->on_made = [&] { to = server->transport.raw().peername(); };
  stage.connect_pair(client, server);
  REQUIRE(from);
  CHECK(from == to);
}

CONTRACT_TEST("TCP-19", "connected and accepted transports have no-delay set") {
  const Pair pair = stage.connect_pair();
  CHECK(pair.client->transport.get_option(Option::no_delay) == 1);
  CHECK(pair.server->transport.get_option(Option::no_delay) == 1);
}

CONTRACT_TEST("TCP-19", "so have transports of sockets that were made elsewhere") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const NativeHandle socket = accepted_socket(stage, *client);
  stage.server().connect_accepted_socket(server->factory(), socket, [](auto, auto) {});
  stage.run_until([&] { return server->made(); }, "the transport");
  CHECK(server->transport.get_option(Option::no_delay) == 1);
}

CONTRACT_TEST("TCP-21", "connect_accepted_socket gives an accepted socket a transport and a normal life") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const NativeHandle socket = accepted_socket(stage, *client);
  const auto outcome = Outcome<Connection>::make();
  {
    const UserCall inside;
    stage.server().connect_accepted_socket(server->factory(), socket, outcome->completion());
  }
  stage.run_until([&] { return outcome->done(); }, "the transport");
  REQUIRE(outcome->succeeded());
  CHECK(outcome->value.protocol == server->protocol());
  CHECK(server->events() == "CM");
  CHECK(server->transport.raw().peername() == client->transport.raw().sockname());
  CHECK(server->transport.raw().peername().has_value());
  CHECK(server->transport.raw().get_extra_info("socket") == ExtraInfo(socket));

  client->transport.write("hello");
  stage.run_until_received(*server, 5);
  server->transport.write("welcome");
  stage.run_until_received(*client, 7);
  client->transport.close();
  stage.run_until_lost({client, server});
  CHECK(client->events() == "CM DR:welcome CL");
  CHECK(server->events() == "CM DR:hello ER CL");
}

CONTRACT_TEST("TCP-21",
              "an accepted socket that its peer has reset meanwhile is a connection, and is lost at once") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const NativeHandle socket = accepted_socket(stage, *client);
  client->transport.abort();
  stage.run_until_lost(*client);
  stage.settle();
  const auto outcome = Outcome<Connection>::make();
  stage.server().connect_accepted_socket(server->factory(), socket, outcome->completion());
  stage.run_until_lost(*server);
  CHECK(outcome->succeeded());
  CHECK(server->events() == "CM CL:connection_reset");
}

CONTRACT_TEST("TCP-21", "a socket that is no connected stream is rejected, and stays its owner's") {
  const auto server = stage.recorder("server");
  NativeHandle socket;
  SECTION("a listening socket") {
    socket = listening_socket(stage);
  }
  SECTION("a datagram socket") {
    socket = datagram_socket(stage);
  }
  SECTION("a datagram socket that has a peer") {
    socket = datagram_socket(stage, Address::of(stage.server_address(), 9));
  }
  SECTION("an end of a pipe") {
    const PipeEnds pipe = stage.server().make_pipe();
    stage.server().close_handle(pipe.writing);
    socket = pipe.reading;
  }
  SECTION("a file") {
    const std::string path = stage.path("file");
    stage.create_file(path, "content");
    socket = stage.server().open_file(path);
  }
  if (!stage.simulated()) {  // where a socket comes with its connection
    SECTION("a socket that was never connected") {
      socket.value = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
  }
  if (!socket) return;
  const std::size_t before = stage.open_descriptors();
  CHECK_THROWS_AS(stage.server().connect_accepted_socket(server->factory(), socket, [](auto, auto) {}),
                  std::invalid_argument);
  stage.settle();
  CHECK(server->events().empty());
  CHECK(stage.open_descriptors() == before);
  stage.server().backend().close_handle(socket);
}

}  // namespace
}  // namespace twinwire::contract
