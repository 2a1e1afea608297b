// UDP: endpoints, addresses, boundaries, errors.
#include "endpoints.hpp"
#include "harness.hpp"

#include <stdexcept>

namespace twinwire::contract {
namespace {

DatagramOptions bound_to(const std::string& host, std::uint16_t port = 0) {
  DatagramOptions options;
  options.local_addr = {host, port};
  return options;
}

DatagramOptions connected_to(const Address& remote) {
  DatagramOptions options;
  options.remote_addr = {remote.host(), remote.port()};
  return options;
}

Address address_of(const DatagramRecorder& endpoint) {
  return endpoint.transport.sockname().value();
}

struct Endpoints {
  std::shared_ptr<DatagramRecorder> server;
  std::shared_ptr<DatagramRecorder> client;
};

/// A server that is bound, and a client that is connected to it.
Endpoints open_connected(Stage& stage) {
  stage.calm();
  Endpoints ends;
  ends.server = stage.open_endpoint(stage.server(), "server", bound_to(stage.server_address()));
  ends.client = stage.open_endpoint(stage.client(), "client", connected_to(address_of(*ends.server)));
  return ends;
}

void run_until_received(Stage& stage, const DatagramRecorder& endpoint, std::size_t count) {
  stage.run_until([&] { return endpoint.received().size() >= count; },
                  endpoint.name() + " to receive " + std::to_string(count) + " datagrams");
}

/// How creating an endpoint ends.
std::shared_ptr<Outcome<DatagramEndpoint>> try_to_open(Stage& stage, DatagramOptions options) {
  const auto outcome = Outcome<DatagramEndpoint>::make();
  as_user([&] {
    return stage.client().create_datagram_endpoint(stage.datagram_recorder("never")->factory(),
                                                   std::move(options), outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the endpoint to be opened or not");
  return outcome;
}

CONTRACT_TEST("GEN-04", "pause_writing alone may run inside sendto") {
  // The recorders fail the test for any other callback there.
  const Endpoints ends = open_connected(stage);
  ends.server->on_datagram = [&](const auto& datagram) {
    ends.server->sendto("answer", datagram.sender);
    ends.server->sendto(std::string(70'000, 'x'), datagram.sender);
  };
  ends.client->transport.set_write_buffer_limits(0);
  for (int i = 0; i < 50; ++i) ends.client->sendto(std::to_string(i));
  run_until_received(stage, *ends.client, 50);
  stage.run_until([&] { return ends.server->count("EE:message_size") == 50; }, "all errors");
}

CONTRACT_TEST("GEN-05",
              "a datagram that came before the endpoint was made is received after connection_made") {
  stage.calm();
  error_code error;
  twinwire::detail::DatagramSocketOptions raw;
  raw.family = Family::ipv4;
  raw.local = Address::of(stage.server_address(), 0);
  const auto wire = stage.server().backend().open_datagram(raw, error);
  REQUIRE(error == error_code{});
  const auto client = stage.open_endpoint(stage.client(), "client", connected_to(*wire->local_address()));
  client->sendto("early");
  stage.settle();
  DatagramOptions options;
  options.sock = wire->release();
  const auto server = stage.open_endpoint(stage.server(), "server", options);
  CHECK(server->events().find("CM") == 0);
  run_until_received(stage, *server, 1);
}

CONTRACT_TEST("UDP-01", "one sendto is one datagram_received, with the address of the sender") {
  const Endpoints ends = open_connected(stage);
  ends.client->sendto("one");
  ends.client->sendto("second");
  ends.client->sendto(std::string(1400, 'x'));
  run_until_received(stage, *ends.server, 3);
  CHECK(ends.server->events() == "CM DG:one DG:second DG:<1400 bytes>");
  for (const auto& datagram : ends.server->received()) {
    CHECK(datagram.sender.port() == address_of(*ends.client).port());
    CHECK(datagram.sender == address_of(*ends.client));
  }
}

CONTRACT_TEST("UDP-01", "many at once arrive as many, in the order of sending on a calm link") {
  const Endpoints ends = open_connected(stage);
  constexpr std::size_t count = 100;
  std::string expected = "CM";
  for (std::size_t i = 0; i < count; ++i) {
    ends.client->sendto(std::to_string(i));
    expected += " DG:" + std::to_string(i);
  }
  run_until_received(stage, *ends.server, count);
  CHECK(ends.server->events() == expected);
}

CONTRACT_TEST("UDP-02", "local_addr binds, remote_addr connects, and sockname and peername tell") {
  const Endpoints ends = open_connected(stage);
  CHECK(address_of(*ends.server).host() == stage.server_address());
  CHECK(address_of(*ends.server).port() != 0);
  CHECK_FALSE(ends.server->transport.peername().has_value());
  CHECK(ends.client->transport.peername() == address_of(*ends.server));
  CHECK(address_of(*ends.client).port() != 0);
  ends.client->sendto("to the remote address");
  run_until_received(stage, *ends.server, 1);
}

CONTRACT_TEST("UDP-02", "an address and a remote one together: bound and connected") {
  stage.calm();
  const auto server = stage.open_endpoint(stage.server(), "server", bound_to(stage.server_address()));
  const auto scout = stage.open_endpoint(stage.client(), "scout", connected_to(address_of(*server)));
  const Address own = address_of(*scout).with_port(free_port(stage));
  DatagramOptions options = connected_to(address_of(*server));
  options.local_addr = {own.host(), own.port()};
  const auto client = stage.open_endpoint(stage.client(), "client", options);
  CHECK(address_of(*client) == own);
  client->sendto("from there");
  run_until_received(stage, *server, 1);
  CHECK(server->received().front().sender == own);
}

CONTRACT_TEST("UDP-03", "unconnected endpoints send where they are told, and answer whoever sent") {
  stage.calm();
  const auto server = stage.open_endpoint(stage.server(), "server", bound_to(stage.server_address()));
  server->on_datagram = [&](const DatagramRecorder::Received& datagram) {
    server->sendto("re:" + datagram.data, datagram.sender);
  };
  const auto one = stage.open_endpoint(stage.client(), "one", bound_to("0.0.0.0"));
  const auto two = stage.open_endpoint(stage.client(), "two", bound_to("0.0.0.0"));
  one->sendto("1", address_of(*server));
  two->sendto("2", address_of(*server));
  run_until_received(stage, *one, 1);
  run_until_received(stage, *two, 1);
  CHECK(one->events() == "CM DG:re:1");
  CHECK(two->events() == "CM DG:re:2");
  CHECK(one->received().front().sender == address_of(*server));
}

CONTRACT_TEST("UDP-03", "without a receiver, an unconnected endpoint refuses to send") {
  const auto endpoint = stage.open_endpoint(stage.client(), "endpoint", bound_to("0.0.0.0"));
  CHECK_THROWS_AS(endpoint->sendto("nowhere"), std::invalid_argument);
  stage.settle();
  CHECK(endpoint->events() == "CM");
}

CONTRACT_TEST("UDP-04", "a connected endpoint sends to its remote address alone") {
  const Endpoints ends = open_connected(stage);
  const Address remote = address_of(*ends.server);
  const Address other = remote.with_port(static_cast<std::uint16_t>(remote.port() ^ 1));
  CHECK_THROWS_AS(ends.client->sendto("astray", other), std::invalid_argument);
  ends.client->sendto("by name", remote);
  run_until_received(stage, *ends.server, 1);
  stage.settle();
  CHECK(ends.server->events() == "CM DG:by name");
  ends.client->close();
  CHECK_THROWS_AS(ends.client->sendto("astray", other), std::invalid_argument);
}

CONTRACT_TEST("UDP-05", "an empty datagram is sent and received, and is no end of anything") {
  const Endpoints ends = open_connected(stage);
  ends.client->sendto("");
  ends.client->sendto("after");
  run_until_received(stage, *ends.server, 2);
  CHECK(ends.server->events() == "CM DG: DG:after");
  CHECK_FALSE(ends.server->transport.is_closing());
}

CONTRACT_TEST("UDP-06", "a refused datagram is an error_received, and the endpoint lives on") {
  stage.calm();
  const auto gone =
      stage.open_endpoint(stage.server(), "gone", bound_to(stage.server_address(), free_port(stage)));
  const Address address = address_of(*gone);
  gone->close();
  stage.run_until([&] { return gone->lost(); }, "the port to be free");
  const auto client = stage.open_endpoint(stage.client(), "client", connected_to(address));
  client->sendto("to nobody");
  stage.run_until([&] { return client->count("EE:connection_refused") == 1; }, "the refusal");
  const auto server = stage.open_endpoint(stage.server(), "server", bound_to(address.host(), address.port()));
  client->sendto("again");
  run_until_received(stage, *server, 1);
  server->sendto("answer", address_of(*client));
  run_until_received(stage, *client, 1);
  CHECK(client->events() == "CM EE:connection_refused DG:answer");
}

CONTRACT_TEST("UDP-06", "a datagram that is too large is an error_received, and the endpoint lives on") {
  const Endpoints ends = open_connected(stage);
  ends.client->sendto(std::string(70'000, 'x'));
  ends.client->sendto("small");
  run_until_received(stage, *ends.server, 1);
  stage.run_until([&] { return ends.client->count("EE:message_size") == 1; }, "the error");
  CHECK(ends.server->events() == "CM DG:small");
  CHECK(ends.client->events() == "CM EE:message_size");
}

CONTRACT_TEST("UDP-06", "what datagram_received and error_received throw is reported, and nothing ends") {
  const Endpoints ends = open_connected(stage);
  ends.server->on_datagram = [](const auto&) { throw std::runtime_error("not this one"); };
  ends.client->on_error = [](error_code) { throw std::runtime_error("nor this"); };
  ends.client->sendto("one");
  ends.client->sendto(std::string(70'000, 'x'));
  ends.client->sendto("two");
  run_until_received(stage, *ends.server, 2);
  stage.run_until([&] { return ends.client->count("EE:message_size") == 1; }, "the error");
  CHECK(stage.take_reports().size() == 3);
  CHECK_FALSE(ends.server->transport.is_closing());
  CHECK_FALSE(ends.client->transport.is_closing());
}

CONTRACT_TEST("UDP-07", "broadcasting needs allow_broadcast") {
  stage.calm();
  const auto receiver = stage.open_endpoint(stage.client(), "receiver", bound_to("0.0.0.0"));
  const Address everybody = Address::of("127.255.255.255", address_of(*receiver).port());
  const auto plain = stage.open_endpoint(stage.client(), "plain", bound_to("0.0.0.0"));
  plain->sendto("psst", everybody);
  stage.run_until([&] { return plain->count("EE:permission_denied") == 1; }, "the refusal");
  DatagramOptions options = bound_to("0.0.0.0");
  options.allow_broadcast = true;
  const auto loud = stage.open_endpoint(stage.client(), "loud", options);
  loud->sendto("hear", everybody);
  run_until_received(stage, *receiver, 1);
  CHECK(receiver->events() == "CM DG:hear");
  CHECK(loud->events() == "CM");
}

CONTRACT_TEST("UDP-08", "error_received is never entered on the stack of sendto") {
  const Endpoints ends = open_connected(stage);
  // The recorder fails the test if it is.
  ends.client->sendto(std::string(70'000, 'x'));
  CHECK(ends.client->events() == "CM");
  stage.run_until([&] { return ends.client->count("EE:message_size") == 1; }, "the error");
  int errors = 0;
  ends.server->on_datagram = [&](const auto& datagram) {
    ends.server->sendto(std::string(70'000, 'x'), datagram.sender);
    errors = static_cast<int>(ends.server->count("EE:message_size"));
  };
  ends.client->sendto("now you");
  stage.run_until([&] { return ends.server->count("EE:message_size") == 1; }, "the error inside a callback");
  CHECK(errors == 0);
}

CONTRACT_TEST("UDP-11",
              "sendto after close and after connection_lost is dropped silently, connected or not") {
  const Endpoints ends = open_connected(stage);
  const Address server = address_of(*ends.server);
  const auto free = stage.open_endpoint(stage.client(), "free", bound_to("0.0.0.0"));
  for (const auto& endpoint : {ends.client, free}) {
    endpoint->close();
    CHECK(endpoint->transport.is_closing());
    endpoint->sendto("late", server);
  }
  stage.run_until([&] { return ends.client->lost() && free->lost(); }, "both to be gone");
  for (const auto& endpoint : {ends.client, free}) {
    endpoint->sendto("later", server);
    endpoint->close();
    endpoint->abort();
  }
  stage.settle();
  CHECK(ends.client->events() == "CM CL");
  CHECK(free->events() == "CM CL");
  CHECK(ends.server->events() == "CM");
}

CONTRACT_TEST("UDP-16", "candidates are tried in order until one can be used") {
  stage.calm();
  stage.server().set_resolver([&](const ResolveRequest& request, ResolveHandler handler) {
    const std::uint16_t port = Port(request.service).number().value_or(0);
    handler({}, {Address::of("198.51.100.1", port), Address::of(stage.server_address(), port)});
  });
  const std::size_t before = stage.open_descriptors();
  const auto endpoint = stage.open_endpoint(stage.server(), "endpoint", bound_to("here"));
  CHECK(address_of(*endpoint).host() == stage.server_address());
  CHECK(stage.open_descriptors() == before + 1);
}

CONTRACT_TEST("UDP-16", "if none can be used, the first error is reported and every socket is closed") {
  const auto taken = stage.open_endpoint(stage.client(), "taken", bound_to("127.0.0.1"));
  stage.client().set_resolver([](const ResolveRequest& request, ResolveHandler handler) {
    const std::uint16_t port = Port(request.service).number().value_or(0);
    handler({}, {Address::of("198.51.100.1", port), Address::of("127.0.0.1", port)});
  });
  const std::size_t before = stage.open_descriptors();
  const auto outcome = try_to_open(stage, bound_to("somewhere", address_of(*taken).port()));
  CHECK(outcome->error() == "address_not_available");
  CHECK(outcome->message().find("open a datagram endpoint on somewhere:") == 0);
  try {
    std::rethrow_exception(outcome->failure);
  } catch (const OperationError& error) {
    REQUIRE(error.attempts().size() == 2);
    CHECK(name_of(error.attempts()[0].error) == "address_not_available");
    CHECK(name_of(error.attempts()[1].error) == "address_in_use");
  }
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("UDP-16", "addresses without a family in common, and wrong options, are refused") {
  DatagramOptions mixed = bound_to("127.0.0.1");
  mixed.remote_addr = {"::1", 9};
  CHECK(try_to_open(stage, mixed)->error() == "address_family_not_supported");
  const auto never = stage.datagram_recorder("never");
  const auto open = [&](DatagramOptions options) {
    stage.client().create_datagram_endpoint(never->factory(), std::move(options), {});
  };
  CHECK_THROWS_AS(open({}), std::invalid_argument);
  DatagramOptions both = bound_to("127.0.0.1");
  both.sock = listening_socket(stage);
  CHECK_THROWS_AS(open(both), std::invalid_argument);
  DatagramOptions stream;
  stream.sock = both.sock;
  CHECK_THROWS_AS(open(stream), std::invalid_argument);
  stage.server().backend().close_handle(both.sock);
}

CONTRACT_TEST("UDP-17", "with reuse_port two endpoints bind the same address, without it the second fails") {
  DatagramOptions options = bound_to("127.0.0.1");
  options.reuse_port = true;
  const auto first = stage.open_endpoint(stage.client(), "first", options);
  options.local_addr = {"127.0.0.1", address_of(*first).port()};
  const auto second = stage.open_endpoint(stage.client(), "second", options);
  CHECK(address_of(*first) == address_of(*second));
  options.reuse_port = false;
  CHECK(try_to_open(stage, options)->error() == "address_in_use");
}

}  // namespace
}  // namespace twinwire::contract
