// How TLS connections end: handshakes that fail, farewells, what comes without one.
#include "bare_peer.hpp"
#include "harness.hpp"
#include "tls_service.hpp"

#include <twinwire/net/tls/error.hpp>
#include <twinwire/sim/world.hpp>

#include <array>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// The system does not let it grow while something waits in it.
constexpr int fixed_send_buffer = 128 * 1024;

/// A connection of the library's to a peer that is not.
std::shared_ptr<Recorder> connect_to(Stage& stage, const BarePeer& peer, ConnectOptions options) {
  Connecting connecting(stage, stage.client(), std::move(options));
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  stage.run_until([&] { return peer.secure(); }, "the peer's side of the handshake");
  return connecting.protocol;
}

std::shared_ptr<Recorder> connect_to(Stage& stage, const BarePeer& peer) {
  return connect_to(stage, peer, peer.options());
}

CONTRACT_TEST("TLS-04", "a handshake that takes too long fails, and the connection is aborted") {
  BarePeer peer(stage, /*silent=*/true);
  ConnectOptions options = peer.options();
  options.tls_handshake_timeout = short_timeout;
  Connecting connecting(stage, stage.client(), options);
  connecting.run();
  CHECK(connecting.outcome->error() == "connection_aborted");
  CHECK(connecting.outcome->message().find("TLS handshake") != std::string::npos);
  CHECK(connecting.factory_calls() == 0);
  stage.run_until([&] { return peer.connected() && peer.plain().lost(); }, "the peer to be told");
  CHECK(peer.plain().error() == errc::connection_reset);
}

CONTRACT_TEST("TLS-04", "a client that says nothing is dropped, and the server goes on") {
  ServerOptions options;
  options.tls = server_context();
  // Also for the client that comes later and is in order.
  options.tls_handshake_timeout = stage.simulated() ? short_timeout : Duration(2s);
  const TlsService service(stage, options);
  const auto silent = stage.recorder("silent");
  stage.client().create_connection(silent->factory(), stage.address_of(service.server), [](auto, auto) {});
  stage.run_until_lost(*silent);
  CHECK(silent->error() == errc::connection_reset);
  CHECK(service.count() == 0);
  stage.run_until([&] { return service.server.connections() == 0; }, "the server to be alone");
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-04", "a handshake that drips is dropped as well") {
  ServerOptions options;
  options.tls = server_context();
  options.tls_handshake_timeout = short_timeout;
  const TlsService service(stage, options);
  const auto slow = stage.recorder("slow");
  stage.client().create_connection(slow->factory(), stage.address_of(service.server), [](auto, auto) {});
  stage.run_until([&] { return slow->made(); }, "the connection");
  std::function<void()> drip = [&] {
    if (slow->lost()) return;
    slow->transport.write(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
    stage.client().call_later(short_timeout / 10, [&] { drip(); });
  };
  drip();
  stage.run_until_lost(*slow);
  stage.run_for(short_timeout / 5);
  CHECK(service.count() == 0);
}

CONTRACT_TEST("TLS-04", "a timeout of zero or less is rejected") {
  const auto nothing = [](auto, auto) {};
  const auto factory = stage.recorder("client")->factory();
  ConnectOptions options("server.test", 1);
  options.tls = client_context();
  ServerOptions served("", 0);
  served.tls = server_context();
  SECTION("handshake: zero") {
    options.tls_handshake_timeout = served.tls_handshake_timeout = 0s;
  }
  SECTION("handshake: negative") {
    options.tls_handshake_timeout = served.tls_handshake_timeout = -1s;
  }
  SECTION("shutdown: zero") {
    options.tls_shutdown_timeout = served.tls_shutdown_timeout = 0s;
  }
  SECTION("shutdown: negative") {
    options.tls_shutdown_timeout = served.tls_shutdown_timeout = -1s;
  }
  CHECK_THROWS_AS(stage.client().create_connection(stage.recorder("client")->factory(), options, nothing),
                  std::invalid_argument);
  CHECK_THROWS_AS(stage.server().create_server(stage.recorder("server")->factory(), served, nothing),
                  std::invalid_argument);
}

CONTRACT_TEST("TLS-05", "a peer that closes during the handshake: connection_reset") {
  BarePeer peer(stage, /*silent=*/true);
  Connecting connecting(stage, stage.client(), peer.options());
  stage.run_until([&] { return peer.connected() && !peer.plain().received().empty(); }, "the ClientHello");
  SECTION("in order") {
    peer.close();
  }
  SECTION("with a reset") {
    peer.abort();
  }
  connecting.run();
  CHECK(connecting.outcome->error() == "connection_reset");
  CHECK(connecting.factory_calls() == 0);
  stage.run_until_lost(peer.plain());
}

CONTRACT_TEST("TLS-05", "garbage instead of a handshake is a clear error") {
  BarePeer peer(stage, /*silent=*/true);
  Connecting connecting(stage, stage.client(), peer.options());
  stage.run_until([&] { return peer.connected() && !peer.plain().received().empty(); }, "the ClientHello");
  peer.send_bare("220 mail.test ESMTP\r\n");
  connecting.run();
  CHECK(connecting.outcome->message().find("wrong version number") != std::string::npos);
  CHECK(connecting.factory_calls() == 0);
  stage.run_until([&] { return peer.plain().eof() || peer.plain().lost(); }, "the end of the connection");
}

CONTRACT_TEST("TLS-05", "a client that goes away during the handshake leaves nothing at the server") {
  const TlsService service(stage);
  const auto client = stage.recorder("client");
  stage.client().create_connection(client->factory(), stage.address_of(service.server), [](auto, auto) {});
  stage.run_until([&] { return client->made() && service.server.connections() == 1; }, "the connection");
  SECTION("in order") {
    client->transport.close();
  }
  SECTION("with a reset") {
    client->transport.abort();
  }
  stage.run_until([&] { return service.server.connections() == 0; }, "the server to notice");
  stage.settle();
  CHECK(service.count() == 0);
}

CONTRACT_TEST("TLS-06", "close sends what is buffered and the farewell, and waits for the peer's") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  const CheckedTransport& plain = peer.plain().transport;
  plain.pause_reading();
  client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(client->transport);
  client->transport.close();
  CHECK(client->transport.is_closing());
  CHECK_FALSE(client->transport.is_reading());
  client->transport.write("late");
  stage.settle();
  CHECK(client->events() == "CM");
  plain.resume_reading();
  stage.run_until([&] { return peer.client_has_left(); }, "the farewell");
  stage.settle();
  CHECK(peer.received().substr(0, written) == pattern(written));
  const std::string rest = peer.received().substr(written);
  CHECK((rest.empty() || rest == "late"));
  CHECK(client->events() == "CM");
  CHECK_FALSE(peer.plain().eof());
  peer.take_leave();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL");
  stage.run_until([&] { return peer.plain().eof(); }, "the end of the connection");
  peer.close();
}

CONTRACT_TEST("TLS-06", "a peer that just ends the connection instead of answering is no error") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  client->transport.close();
  stage.run_until([&] { return peer.client_has_left(); }, "the farewell");
  SECTION("in order") {
    peer.close();
  }
  SECTION("with a reset") {
    peer.abort();
  }
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL");
}

CONTRACT_TEST("TLS-06", "data that comes after close is thrown away, and changes nothing") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  client->transport.close();
  stage.run_until([&] { return peer.client_has_left(); }, "the farewell");
  peer.write(pattern(200'000));
  peer.take_leave();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL");
  peer.close();
}

CONTRACT_TEST("TLS-06", "both ends close at once, with much to flush: neither waits for ever") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.server->transport.set_write_buffer_limits(no_limit);
  pair.client->transport.write(pattern(8'000'000));
  pair.server->transport.write(pattern(8'000'000));
  pair.client->transport.close();
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->events() == "CM CL");
}

CONTRACT_TEST("TLS-07", "a peer that never answers the farewell: the connection is aborted, timed_out") {
  BarePeer peer(stage);
  ConnectOptions options = peer.options();
  options.tls_shutdown_timeout = short_timeout;
  const auto client = connect_to(stage, peer, options);
  const TimePoint begin = stage.client().time();
  client->transport.close();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL:timed_out");
  CHECK(stage.client().time() - begin >= short_timeout);
  stage.run_until_lost(peer.plain());
  CHECK(peer.plain().error() == errc::connection_reset);
}

CONTRACT_TEST("TLS-07", "a peer that asks for keys instead of answering the farewell gets no more time") {
  BarePeer peer(stage);
  ConnectOptions options = peer.options();
  options.tls_shutdown_timeout = short_timeout;
  const auto client = connect_to(stage, peer, options);
  const CheckedTransport& plain = peer.plain().transport;
  client->transport.set_option(Option::send_buffer_size, 4096);
  client->transport.close();
  for (int round = 0; round < 5 && !client->lost(); ++round) {
    // The answers fill what is between the two, and are taken at last.
    plain.pause_reading();
    for (int i = 0; client->transport.get_write_buffer_size() == 0 && !client->lost(); ++i) {
      REQUIRE(i < 10'000);
      peer.ask_for_keys();
      if (i % 100 == 0) stage.run_for(1ms);
    }
    stage.run_for(short_timeout / 2);
    plain.resume_reading();
    stage.run_until([&] { return client->transport.get_write_buffer_size() == 0; },
                    "the answers to be taken");
  }
  CHECK(client->events() == "CM CL:timed_out");
  peer.abort();
}

CONTRACT_TEST("TLS-08", "the peer's farewell: ER, then the transport closes itself, whatever ER returns") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  client->keep_open = true;
  client->on_eof = [&] { client->transport.write("goodbye"); };
  peer.write("last words");
  peer.take_leave();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM DR:last words ER CL");
  stage.run_until([&] { return peer.client_has_left(); }, "the answer");
  CHECK(peer.received() == "goodbye");
  peer.close();
}

CONTRACT_TEST("TLS-09", "an end without a farewell is a truncation: the data, no ER, an error") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  std::string expected = "CM DR:cut sh CL:stream truncated";
  peer.write("cut sh");
  SECTION("behind whole records") {}
  SECTION("in the middle of a record") {
    peer.send_bare(
        std::string_view("\x17\x03\x03\x00\x30"
                         "abc",
                         8));
  }
  SECTION("while the reader pauses") {
    client->transport.pause_reading();
    peer.close();
    stage.settle();
    CHECK(client->events() == "CM");
    client->transport.resume_reading();
  }
  peer.close();
  stage.run_until_lost(*client);
  CHECK(client->events() == expected);
  CHECK(client->error() == TlsError::stream_truncated);
}

CONTRACT_TEST("TLS-09", "the rest of a record that was read in part comes before the truncation") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  std::array<std::byte, 2> space;
  client->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  client->on_data = [&](std::string_view) { client->transport.pause_reading(); };
  client->transport.set_protocol(client->buffered_protocol());
  peer.write("cut sh");
  stage.run_until_received(*client, 2);
  peer.close();
  stage.settle();
  CHECK(client->events() == "CM BU:cu");
  client->on_data = nullptr;
  client->transport.resume_reading();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM BU:cut sh CL:stream truncated");
}

CONTRACT_TEST("TLS-09", "bytes that were tampered with end the connection with an error, and it alone") {
  BarePeer peer(stage);
  const TlsService service(stage);
  const Pair other = connect_secure(stage, service);
  const auto client = connect_to(stage, peer);
  peer.write("good ");
  peer.send_bare(
      std::string_view("\x17\x03\x03\x00\x20"
                       "01234567890123456789012345678901",
                       37));
  stage.run_until_lost(*client);
  CHECK(client->received() == "good ");
  CHECK_FALSE(client->eof());
  CHECK(client->error().failed());
  CHECK(client->error() != TlsError::stream_truncated);
  other.client->transport.write("undisturbed");
  stage.run_until_received(*other.server, 11);
  other.client->transport.close();
  stage.run_until_lost(other);
  peer.close();
}

CONTRACT_TEST("TLS-09", "abort drops what is buffered; the peer sees no clean end") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.abort();
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL");
  CHECK_FALSE(pair.server->eof());
  CHECK(pair.server->error() == errc::connection_reset);
}

CONTRACT_TEST("TLS-09", "a write after the peer's reset fails, also where reading is paused") {
  const TlsService service(stage);
  for (const bool closes : {false, true}) {
    const Pair pair = connect_secure(stage, service);
    pair.client->transport.pause_reading();
    stage.settle();
    pair.server->transport.abort();
    stage.run_until_lost(*pair.server);
    stage.settle();
    pair.client->transport.write("lost");
    if (closes) pair.client->transport.close();
    stage.run_until_lost(*pair.client);
    CHECK(pair.client->events() == "CM CL:connection_reset");
  }
}

CONTRACT_TEST("TLS-09",
              "what the connection below held is lost with an error, also where reading is paused") {
  const TlsService service(stage, server_context(), [](Recorder& recorder) { recorder.start_paused = true; });
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.set_option(Option::send_buffer_size, fixed_send_buffer);
  SECTION("and what waited above it") {
    clog(pair.client->transport);
  }
  SECTION("and nothing waited above it") {
    while (pair.client->transport.get_write_buffer_size() == 0) {
      pair.client->transport.write(pattern(4096));
      if (pair.client->transport.get_write_buffer_size() != 0)
        stage.settle();  // as long as the peer takes it
    }
  }
  pair.client->transport.pause_reading();
  stage.settle();
  pair.server->transport.abort();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL:connection_reset");
}

CONTRACT_TEST("TLS-12", "a reader that pauses gets neither data nor the farewell; then both, in order") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  client->transport.pause_reading();
  peer.write("data");
  stage.settle();
  CHECK(client->events() == "CM");
  SECTION("only data") {
    client->transport.resume_reading();
    stage.run_until_received(*client, 4);
    CHECK(client->events() == "CM DR:data");
    client->transport.pause_reading();
  }
  SECTION("and the farewell") {}
  peer.take_leave();
  stage.settle();
  CHECK_FALSE(client->eof());
  CHECK_FALSE(client->transport.is_closing());
  client->transport.resume_reading();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM DR:data ER CL");
  peer.close();
}

CONTRACT_TEST("TLS-12", "a reader that pauses pushes back, and loses nothing") {
  const TlsService service(stage, server_context(), [](Recorder& recorder) { recorder.start_paused = true; });
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.client->transport.set_option(Option::send_buffer_size, fixed_send_buffer);
  const std::size_t written = clog(pair.client->transport);
  stage.settle();
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  CHECK(pair.server->events() == "CM");
  pair.server->on_data = [&](std::string_view) {
    pair.server->transport.pause_reading();
    stage.server().call_soon([&] { pair.server->transport.resume_reading(); });
  };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.server->received() == pattern(written));
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-13", "new keys in between change nothing; a peer that only asks for them is cut off") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  for (int i = 0; i < 3; ++i) {
    peer.ask_for_keys();
    peer.write("data ");
    client->transport.write("answer ");
    stage.run_until_received(*client, 5 * (static_cast<std::size_t>(i) + 1));
  }
  stage.run_until([&] { return peer.received() == "answer answer answer "; }, "the answers");
  // From here on it does not read: what it asks for may not grow without end.
  peer.plain().transport.pause_reading();
  std::string end = "CL:connection_aborted";
  SECTION("and the writer pauses") {
    client->transport.set_write_buffer_limits(0, 0);
    end = "PW " + end;
  }
  SECTION("and the writer does not pause") {
    client->transport.set_write_buffer_limits(no_limit);
  }
  clog(client->transport);
  for (int i = 0; i < 20'000 && !client->transport.is_closing(); ++i) {
    peer.ask_for_keys();
    if (i % 100 == 0) stage.turns(stage.client(), 1);
  }
  stage.run_until_lost(*client);
  CHECK_THAT(client->events(), Catch::EndsWith(end));
  CHECK(client->transport.get_write_buffer_size() == 0);
  peer.abort();
}

CONTRACT_TEST("TLS-13", "a peer that only asks for keys is cut off while its farewell is waited for, too") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  const CheckedTransport& plain = peer.plain().transport;
  client->transport.set_option(Option::send_buffer_size, 4096);
  plain.pause_reading();
  client->transport.close();
  for (int i = 0; i < 20'000 && !client->lost(); ++i) {
    peer.ask_for_keys();
    if (i % 100 == 0) stage.turns(stage.client(), 1);
  }
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL:connection_aborted");
  peer.abort();
}

CONTRACT_TEST("TLS-16", "after the peer's farewell our remaining data still goes out, before our own") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  const CheckedTransport& plain = peer.plain().transport;
  plain.pause_reading();
  client->transport.set_write_buffer_limits(no_limit);
  client->transport.set_option(Option::send_buffer_size, fixed_send_buffer);
  const std::size_t written = clog(client->transport);
  peer.take_leave();
  stage.run_until([&] { return client->eof(); }, "the peer's farewell");
  stage.settle();
  CHECK(client->events() == "CM ER");
  CHECK_FALSE(peer.client_has_left());
  plain.resume_reading();
  stage.run_until([&] { return peer.client_has_left(); }, "our farewell");
  CHECK(peer.received() == pattern(written));
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM ER CL");
  peer.close();
}

CONTRACT_TEST("TLS-17", "cancelling during the handshake closes the socket, and nobody is called") {
  BarePeer peer(stage, /*silent=*/true);
  Connecting connecting(stage, stage.client(), peer.options());
  stage.run_until([&] { return peer.connected() && !peer.plain().received().empty(); }, "the ClientHello");
  connecting.cancel();
  connecting.run();
  CHECK(connecting.outcome->error() == "operation_aborted");
  CHECK(connecting.factory_calls() == 0);
  stage.run_until_lost(peer.plain());
  CHECK(peer.plain().error() == errc::connection_reset);
}

CONTRACT_TEST("TLS-17", "closing the loop ends handshakes at both ends") {
  const TlsService service(stage);
  BarePeer peer(stage, /*silent=*/true);
  Connecting connecting(stage, stage.client(), peer.options());
  const auto silent = stage.recorder("silent");
  stage.client().create_connection(silent->factory(), stage.address_of(service.server), [](auto, auto) {});
  stage.run_until([&] { return silent->made() && peer.connected(); }, "both connections");
  stage.settle();
  stage.server().close();
  stage.client().close();
  CHECK(connecting.done());
  CHECK_FALSE(connecting.outcome->succeeded());
  CHECK(connecting.factory_calls() == 0);
  CHECK(service.count() == 0);
}

/// Under simulation: that nothing is left to happen for as long as a timer of TLS takes.
void check_no_timer(Stage& stage) {
  if (!stage.simulated()) return;
  sim::World& world = *stage.world();
  const TimePoint before = world.time();
  world.run();
  CHECK(world.time() - before < 10s);
}

CONTRACT_TEST("TLS-18", "no timer is left after success, failure, cancelling and closing") {
  SECTION("success, and closing") {
    const TlsService service(stage);
    const Pair pair = connect_secure(stage, service);
    check_no_timer(stage);
    pair.client->transport.close();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM CL");
  }
  SECTION("failure") {
    const TlsService service(stage);
    ConnectOptions options = secure_options(stage, service);
    options.server_hostname = "other.test";
    Connecting connecting(stage, stage.client(), options);
    connecting.run();
    CHECK_FALSE(connecting.outcome->succeeded());
    stage.settle();
  }
  SECTION("cancelling") {
    BarePeer peer(stage, /*silent=*/true);
    Connecting connecting(stage, stage.client(), peer.options());
    stage.run_until([&] { return peer.connected() && !peer.plain().received().empty(); }, "the ClientHello");
    connecting.cancel();
    connecting.run();
    CHECK(connecting.outcome->error() == "operation_aborted");
    stage.run_until_lost(peer.plain());
  }
  SECTION("abort while taking leave") {
    BarePeer peer(stage);
    const auto client = connect_to(stage, peer);
    client->transport.close();
    stage.run_until([&] { return peer.client_has_left(); }, "the farewell");
    client->transport.abort();
    stage.run_until_lost(*client);
    CHECK(client->events() == "CM CL");
    stage.run_until_lost(peer.plain());
  }
  check_no_timer(stage);
}

CONTRACT_TEST("TLS-19",
              "a transport is closing as soon as the connection below is lost, also while it pauses") {
  BarePeer peer(stage);
  const auto client = connect_to(stage, peer);
  client->transport.pause_reading();
  peer.write("before");
  stage.settle();
  CHECK_FALSE(client->transport.is_closing());
  peer.abort();
  stage.run_until([&] { return client->transport.is_closing(); }, "the loss to be noticed");
  CHECK_FALSE(client->transport.is_reading());
  CHECK(client->events() == "CM");
  client->transport.resume_reading();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM DR:before CL:connection_reset");
}

}  // namespace
}  // namespace twinwire::contract
