// start_tls: connections that become secure on the way.
#include "coroutines.hpp"
#include "harness.hpp"
#include "pipe_pair.hpp"
#include "raw_socket.hpp"
#include "tls_service.hpp"
#include "unix_service.hpp"

#include <twinwire/net/datagram.hpp>
#include <twinwire/net/tls/error.hpp>
#include <twinwire/net/tls/info.hpp>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// A start_tls that has begun.
struct StartingTls {
  StartingTls(Loop& loop, const Recorder& recorder, std::shared_ptr<BaseProtocol> protocol,
              StartTlsOptions options)
      : operation(as_user([&] {
          return loop.start_tls(recorder.transport.raw(), std::move(protocol), std::move(options),
                                outcome->completion());
        })) {}

  std::shared_ptr<Outcome<Transport>> outcome = Outcome<Transport>::make();
  Operation operation;
};

StartingTls start_client(Stage& stage, const Recorder& recorder, std::shared_ptr<BaseProtocol> protocol) {
  return {stage.client(), recorder, std::move(protocol), StartTlsOptions(client_context(), server_name)};
}

StartingTls start_server(Stage& stage, const Recorder& recorder, std::shared_ptr<BaseProtocol> protocol) {
  return {stage.server(), recorder, std::move(protocol), StartTlsOptions(server_context())};
}

/// Both ends of a plain pair become secure; the recorders use the new transports.
void upgrade(Stage& stage, const Pair& pair) {
  const StartingTls server = start_server(stage, *pair.server, pair.server->protocol());
  const StartingTls client = start_client(stage, *pair.client, pair.client->protocol());
  stage.run_until([&] { return client.outcome->done() && server.outcome->done(); }, "both handshakes");
  INFO(client.outcome->message() << server.outcome->message());
  REQUIRE(client.outcome->succeeded());
  REQUIRE(server.outcome->succeeded());
  pair.client->transport = CheckedTransport(client.outcome->value);
  pair.server->transport = CheckedTransport(server.outcome->value);
}

PLAIN_TEST("TLS-20", "start_tls gives a new transport to the same protocol, without a second CM") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.write("STARTTLS");
  stage.run_until_received(*pair.server, 8);
  const Transport before = pair.client->transport.raw();
  upgrade(stage, pair);
  CHECK_FALSE(pair.client->transport.raw() == before);
  CHECK(pair.client->transport.get_protocol() == pair.client->protocol());
  CHECK(tls_info(pair.client->transport.raw()) != nullptr);
  pair.client->transport.write(" secret");
  pair.server->transport.write("answer");
  stage.run_until_received(*pair.server, 15);
  stage.run_until_received(*pair.client, 6);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:answer CL");
  CHECK(pair.server->events() == "CM DR:STARTTLS secret ER CL");
}

CONTRACT_TEST("TLS-01", "a socket that was accepted elsewhere speaks TLS from its first byte when asked to") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  AcceptedSocketOptions options(accepted_socket(stage, *client));
  options.tls = client_context();
  const auto outcome = Outcome<Connection>::make();
  const auto connect = [&] {
    return stage.server().connect_accepted_socket(server->factory(), options, outcome->completion());
  };
  CHECK_THROWS_AS(as_user(connect), std::invalid_argument);  // and the socket stays ours
  options.tls = server_context();
  as_user(connect);
  const StartingTls starting = start_client(stage, *client, client->protocol());
  stage.run_until([&] { return starting.outcome->done() && outcome->done(); }, "both handshakes");
  INFO(starting.outcome->message() << outcome->message());
  REQUIRE(outcome->succeeded());
  REQUIRE(starting.outcome->succeeded());
  CHECK(tls_info(server->transport.raw()) != nullptr);
  client->transport = CheckedTransport(starting.outcome->value);
  client->transport.write("question");
  stage.run_until_received(*server, 8);
  server->transport.write("answer");
  server->transport.close();
  stage.run_until_lost({client, server});
  CHECK(client->events() == "CM DR:answer ER CL");
  CHECK(server->events() == "CM DR:question CL");
}

PLAIN_TEST("TLS-20", "the protocol may begin it inside its own callback") {
  const Pair pair = stage.connect_pair();
  std::vector<StartingTls> started;
  pair.server->on_data = [&](std::string_view) {
    if (pair.server->received() == "STARTTLS")
      started.push_back(start_server(stage, *pair.server, pair.server->protocol()));
  };
  pair.client->transport.write("STARTTLS");
  stage.run_until([&] { return !started.empty(); }, "the server to begin");
  const StartingTls client = start_client(stage, *pair.client, pair.client->protocol());
  stage.run_until([&] { return client.outcome->done() && started[0].outcome->done(); }, "both handshakes");
  REQUIRE(client.outcome->succeeded());
  client.outcome->value.write("inside");
  stage.run_until_received(*pair.server, 14);
  client.outcome->value.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->received() == "STARTTLSinside");
}

CONTRACT_TEST("TLS-20", "a coroutine upgrades its stream, and reads and writes on") {
  Line line = connect_line(stage);
  line.peer->transport.write("ready\n");
  CHECK(play(stage, line.reader().read_line()) == "ready\n");
  const StartingTls server = start_server(stage, *line.peer, line.peer->protocol());
  play(stage, line.writer().start_tls(StartTlsOptions(client_context(), server_name)));
  stage.run_until([&] { return server.outcome->done(); }, "the server's side");
  CHECK(tls_info(line.writer().transport()) != nullptr);
  line.writer().write("question\n");
  stage.run_until_received(*line.peer, 9);
  server.outcome->value.write("answer\n");
  CHECK(play(stage, line.reader().read_line()) == "answer\n");
  hang_up(stage, line);
}

PLAIN_TEST("TLS-21", "a server upgrades a connection that it accepted; data flows both ways") {
  const Pair pair = stage.connect_pair();
  upgrade(stage, pair);
  pair.client->transport.write(pattern(500'000));
  pair.server->transport.write(pattern(500'000));
  stage.run_until_received(*pair.server, 500'000);
  stage.run_until_received(*pair.client, 500'000);
  CHECK(pair.server->received() == pattern(500'000));
  CHECK(pair.client->received() == pattern(500'000));
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->steps().back() == "CL");
}

CONTRACT_TEST("TLS-21", "a server counts and closes the connection by its new transport") {
  const Service service(stage);
  const auto client = connect_to(stage, service);
  const Pair pair{client, service[0].shared_from_this()};
  upgrade(stage, pair);
  CHECK(service.server.connections() == 1);
  service.server.close_clients();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM ER CL");
  CHECK(pair.server->events() == "CM CL");
  CHECK(service.server.connections() == 0);
}

CONTRACT_TEST("TLS-09", "whoever kept the connection below and aborts it cuts off the one above") {
  const Pair pair = stage.connect_pair();
  const Transport below = pair.client->transport.raw();
  upgrade(stage, pair);
  below.abort();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL:connection_aborted");
}

CONTRACT_TEST("TLS-14", "the size is zero only when the connection below holds nothing either") {
  const Pair pair = stage.connect_pair();
  const Transport below = pair.client->transport.raw();
  upgrade(stage, pair);
  const CheckedTransport& client = pair.client->transport;
  pair.server->transport.pause_reading();
  for (int writes = 0; client.get_write_buffer_size() == 0; ++writes) {
    REQUIRE(below.get_write_buffer_size() == 0);
    REQUIRE(writes < 10'000);
    client.write(pattern(10'000));
  }
  const std::size_t before = client.get_write_buffer_size();
  CHECK(before >= below.get_write_buffer_size());
  client.write(pattern(10'000));
  CHECK(client.get_write_buffer_size() == before + 10'000);
  client.abort();
  stage.run_until_lost(*pair.client);
}

CONTRACT_TEST("TLS-21", "TLS over TLS") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  upgrade(stage, pair);
  pair.client->transport.write(pattern(300'000));
  pair.server->transport.write(pattern(300'000));
  stage.run_until_received(*pair.server, 300'000);
  stage.run_until_received(*pair.client, 300'000);
  CHECK(pair.server->received() == pattern(300'000));
  CHECK(pair.client->received() == pattern(300'000));
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->steps().back() == "CL");
  CHECK(pair.server->steps().back() == "CL");
}

PLAIN_TEST("TLS-22", "an upgrade that fails closes the connection, and the protocol gets one CL") {
  const Pair pair = stage.connect_pair();
  std::string expected;
  StartTlsOptions options(client_context(), server_name);
  SECTION("timed out") {
    options.tls_handshake_timeout = short_timeout;
    const StartingTls starting(stage.client(), *pair.client, pair.client->protocol(), options);
    stage.run_until([&] { return starting.outcome->done(); }, "the timeout");
    expected = starting.outcome->error();
    CHECK(expected == "connection_aborted");
  }
  SECTION("cancelled") {
    const StartingTls starting(stage.client(), *pair.client, pair.client->protocol(), options);
    as_user([&] { starting.operation.cancel(); });
    stage.run_until([&] { return starting.outcome->done(); }, "the end");
    expected = starting.outcome->error();
    CHECK(expected == "operation_aborted");
  }
  SECTION("refused") {
    options.server_hostname = "other.test";
    const StartingTls server = start_server(stage, *pair.server, pair.server->protocol());
    const StartingTls starting(stage.client(), *pair.client, pair.client->protocol(), options);
    stage.run_until([&] { return starting.outcome->done() && server.outcome->done(); }, "the refusal");
    expected = starting.outcome->error();
    CHECK(error_code_of(starting.outcome->failure) == TlsError::hostname_mismatch);
  }
  SECTION("closed by the peer") {
    pair.server->transport.close();
    const StartingTls starting(stage.client(), *pair.client, pair.client->protocol(), options);
    stage.run_until([&] { return starting.outcome->done(); }, "the end");
    expected = starting.outcome->error();
    CHECK(expected == "connection_reset");
  }
  CHECK_FALSE(expected.empty());
  stage.run_until_lost(pair);
  CHECK(pair.client->count("CL:" + expected) == 1);
}

CONTRACT_TEST("TLS-22", "closing the loop during an upgrade delivers one CL") {
  const Pair pair = stage.connect_pair();
  const StartingTls starting = start_client(stage, *pair.client, pair.client->protocol());
  stage.client().close();
  stage.server().close();
  CHECK(starting.outcome->error() == "loop_closed");
  CHECK(pair.client->events() == "CM CL:loop_closed");
}

CONTRACT_TEST("TLS-23", "what cannot be upgraded is rejected at once, and unaffected") {
  const Pair pair = stage.connect_pair();
  Loop& loop = stage.client();
  const auto protocol = pair.client->protocol();
  const Transport transport = pair.client->transport.raw();
  const StartTlsOptions good(client_context(), server_name);
  const auto start = [&](const BaseTransport& which, const StartTlsOptions& options) {
    loop.start_tls(which, protocol, options, [](auto, auto) {});
  };
  SECTION("without a context") {
    CHECK_THROWS_AS(start(transport, StartTlsOptions()), std::invalid_argument);
  }
  SECTION("with one of the other side") {
    CHECK_THROWS_AS(start(transport, StartTlsOptions(server_context(), server_name)), std::invalid_argument);
    CHECK_THROWS_AS(start(transport, StartTlsOptions(client_context())), std::invalid_argument);
  }
  SECTION("without a name to expect") {
    StartTlsOptions nameless = good;
    nameless.server_hostname.reset();
    CHECK_THROWS_AS(start(transport, nameless), std::invalid_argument);
  }
  SECTION("no transport, and one of datagrams") {
    CHECK_THROWS_AS(start(Transport(), good), std::invalid_argument);
    DatagramOptions any;
    any.family = Family::ipv4;
    const auto endpoint = stage.open_endpoint(loop, "endpoint", any);
    CHECK_THROWS_AS(start(endpoint->transport, good), std::invalid_argument);
    endpoint->transport.close();
  }
  SECTION("a protocol that is none") {
    CHECK_THROWS_AS(loop.start_tls(transport, nullptr, good, [](auto, auto) {}), std::invalid_argument);
  }
  SECTION("a timeout of zero") {
    StartTlsOptions hasty = good;
    hasty.tls_handshake_timeout = 0s;
    CHECK_THROWS_AS(start(transport, hasty), std::invalid_argument);
  }
  pair.client->transport.write("unaffected");
  stage.run_until_received(*pair.server, 10);
  pair.client->transport.close();
  CHECK_THROWS_AS(start(transport, good), std::logic_error);
  stage.run_until_lost(pair);
  CHECK_THROWS_AS(start(transport, good), std::logic_error);
}

CONTRACT_TEST("TLS-23", "a connection is upgraded once") {
  const Pair pair = stage.connect_pair();
  const Transport plain = pair.client->transport.raw();
  const auto again = [&] {
    stage.client().start_tls(plain, pair.client->protocol(), StartTlsOptions(client_context(), server_name),
                             [](auto, auto) {});
  };
  const StartingTls first = start_client(stage, *pair.client, pair.client->protocol());
  CHECK_THROWS_AS(again(), std::logic_error);
  const StartingTls server = start_server(stage, *pair.server, pair.server->protocol());
  stage.run_until([&] { return first.outcome->done() && server.outcome->done(); }, "both handshakes");
  REQUIRE(first.outcome->succeeded());
  CHECK_THROWS_AS(again(), std::logic_error);
  first.outcome->value.write("unaffected");
  stage.run_until_received(*pair.server, 10);
  first.outcome->value.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->count("CL") == 1);
}

CONTRACT_TEST("TLS-23", "a pipe cannot be upgraded") {
  const PipePair pipe = connect_pipe(stage);
  for (const auto& end : {pipe.reader, pipe.writer}) {
    CHECK_THROWS_AS(stage.server().start_tls(end->transport.raw(), end->protocol(),
                                             StartTlsOptions(server_context()), [](auto, auto) {}),
                    std::invalid_argument);
  }
  pipe.writer->transport.write("unaffected");
  stage.run_until_received(*pipe.reader, 10);
  pipe.writer->transport.close();
  stage.run_until_lost(*pipe.reader);
  stage.run_until_lost(*pipe.writer);
}

PLAIN_TEST("TLS-24", "plain bytes that wait are sent in clear before the handshake") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(1000);
  const std::size_t written = clog(pair.client->transport);
  CHECK(pair.client->events() == "CM PW");
  const StartingTls client = start_client(stage, *pair.client, pair.client->protocol());
  stage.settle();
  CHECK_FALSE(client.outcome->done());
  std::vector<StartingTls> started;
  pair.server->on_data = [&](std::string_view) {
    if (pair.server->received().size() < written || !started.empty()) return;
    started.push_back(start_server(stage, *pair.server, pair.server->protocol()));
  };
  // So that the ClientHello does not come in one piece with what is in front of it.
  pair.server->buffered = true;
  pair.server->transport.set_protocol(pair.server->buffered_protocol());
  std::vector<std::byte> space(4096);
  pair.server->on_get_buffer = [&](std::ptrdiff_t) {
    return MutableBytes(space).first(std::min(space.size(), written - pair.server->received().size()));
  };
  // Who writes when it may go on writes on the new transport, and so has it by then.
  bool has_transport = false;
  pair.client->on_resume = [&] { has_transport = client.outcome->done(); };
  pair.server->transport.resume_reading();
  stage.run_until([&] { return client.outcome->done() && !started.empty() && started[0].outcome->done(); },
                  "both handshakes");
  INFO(client.outcome->message() << started[0].outcome->message());
  REQUIRE(client.outcome->succeeded());
  stage.run_until([&] { return pair.client->count("RW") != 0; }, "the protocol to be resumed");
  CHECK(has_transport);
  CHECK(pair.server->received() == pattern(written));
  stage.settle();
  CHECK(pair.client->events() == "CM PW RW");
  client.outcome->value.write("secret");
  stage.run_until_received(*pair.server, written + 6);
  client.outcome->value.close();
  stage.run_until_lost(pair);
}

PLAIN_TEST("TLS-24", "plain bytes that wait below the high-water mark pause nobody") {
  const Pair pair = stage.connect_deaf_server();
  while (pair.client->transport.get_write_buffer_size() == 0) pair.client->transport.write(pattern(4096));
  const StartingTls client = start_client(stage, *pair.client, pair.client->protocol());
  stage.settle();
  CHECK(pair.client->events() == "CM");
  as_user([&] { client.operation.cancel(); });
  pair.server->transport.abort();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-24", "a coroutine is not upgraded over bytes that came in clear and were not read") {
  Line line = connect_line(stage);
  line.peer->transport.write("ready\ninjected\n");
  CHECK(play(stage, line.reader().read_line()) == "ready\n");
  stage.settle();
  const std::string error =
      error_of([&] { play(stage, line.writer().start_tls(StartTlsOptions(client_context(), server_name))); });
  CHECK(error == "Protocol error");
  stage.run_until_lost(*line.peer);
}

PLAIN_TEST("TLS-24", "bytes that have arrived and were not delivered belong to the handshake") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->start_paused = true;
  stage.connect_pair(client, server);
  const StartingTls first = start_client(stage, *client, client->protocol());
  stage.settle();
  const StartingTls second = start_server(stage, *server, server->protocol());
  stage.run_until([&] { return first.outcome->done() && second.outcome->done(); }, "both handshakes");
  REQUIRE(second.outcome->succeeded());
  CHECK(second.outcome->value.is_reading());
  first.outcome->value.write("read");
  stage.run_until_received(*server, 4);
  CHECK(server->events() == "CM DR:read");
  first.outcome->value.close();
  stage.run_until_lost({client, server});
}

CONTRACT_TEST("UNIX-06", "TLS over a Unix socket needs the name to expect") {
  UnixServerOptions served(stage.path("secure"));
  served.tls = server_context();
  const auto server = stage.recorder("server");
  const Server listening = stage.listen_unix(server->factory(), served);
  UnixConnectOptions options(stage.path("secure"));
  options.tls = client_context();
  const auto client = stage.recorder("client");
  Loop& loop = stage.server();
  CHECK_THROWS_AS(loop.create_unix_connection(client->factory(), options, [](auto, auto) {}),
                  std::invalid_argument);
  options.server_hostname = server_name;
  const auto outcome = Outcome<Connection>::make();
  loop.create_unix_connection(client->factory(), options, outcome->completion());
  stage.run_until([&] { return outcome->done() && server->made(); }, "the handshake");
  INFO(outcome->message());
  REQUIRE(outcome->succeeded());
  client->transport.write("secret");
  stage.run_until_received(*server, 6);
  client->transport.close();
  stage.run_until_lost({client, server});
  listening.close();
}

CONTRACT_TEST("UNIX-06", "settings of TLS without TLS are rejected") {
  UnixConnectOptions options("/run/nobody");
  UnixServerOptions served("/run/nobody");
  Loop& loop = stage.server();
  const auto nothing = [](auto, auto) {};
  const auto factory = [&] { return stage.recorder("nobody")->factory(); };
  SECTION("server_hostname") {
    options.server_hostname = "server.test";
    served.tls_handshake_timeout = 1s;
  }
  SECTION("the timeout of the handshake") {
    options.tls_handshake_timeout = served.tls_handshake_timeout = 1s;
  }
  SECTION("the timeout of the farewell") {
    options.tls_shutdown_timeout = served.tls_shutdown_timeout = 1s;
  }
  CHECK_THROWS_AS(loop.create_unix_connection(factory(), options, nothing), std::invalid_argument);
  CHECK_THROWS_AS(loop.create_unix_server(factory(), served, nothing), std::invalid_argument);
}

}  // namespace
}  // namespace twinwire::contract
