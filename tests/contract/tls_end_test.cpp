// How TLS connections end: farewells, and what comes without one.
#include "bare_peer.hpp"
#include "harness.hpp"
#include "tls_service.hpp"

#include <twinwire/net/tls/error.hpp>
#include <twinwire/sim/world.hpp>

#include <array>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

CONTRACT_TEST("TLS-06", "close sends what is buffered and the farewell, and waits for the peer's") {
  BarePeer peer(stage);
  const auto client = peer.connect();
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
  const auto client = peer.connect();
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
  const auto client = peer.connect();
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
  const auto client = peer.connect(options);
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
  const auto client = peer.connect(options);
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
  const auto client = peer.connect();
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
  const auto client = peer.connect();
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
  const auto client = peer.connect();
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
  const auto client = peer.connect();
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
  SECTION("and what waited above it") {
    pair.client->transport.set_option(Option::send_buffer_size, fixed_send_buffer);
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

CONTRACT_TEST("TLS-16", "after the peer's farewell our remaining data still goes out, before our own") {
  BarePeer peer(stage);
  const auto client = peer.connect();
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
    peer.run_until_hello();
    connecting.cancel();
    connecting.run();
    CHECK(connecting.outcome->error() == "operation_aborted");
    stage.run_until_lost(peer.plain());
  }
  SECTION("abort while taking leave") {
    BarePeer peer(stage);
    const auto client = peer.connect();
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
  const auto client = peer.connect();
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
