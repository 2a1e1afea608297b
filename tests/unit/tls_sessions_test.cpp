// TLS sessions that are taken up again, on the real system and by a host's calendar.
#include "loops.hpp"
#include "secure_run.hpp"

#include <twinwire/net/sleep.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/info.hpp>
#include <twinwire/net/tls/native.hpp>

#include <chrono>
#include <ctime>
#include <memory>
#include <thread>

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

namespace twinwire::unit {
namespace {

/// Connects twice, by coroutines and with this time between: whether the second handshake took up the first.
awaitable<bool> is_resumed(Loop& loop, std::shared_ptr<const TlsContext> server,
                           std::shared_ptr<const TlsContext> client, Duration between = {}) {
  ServerOptions served("127.0.0.1", 0);
  served.tls = server;
  const auto echo = [](StreamReader reader, StreamWriter writer) -> awaitable<void> {
    writer.write(co_await reader.read_line());
    co_await writer.drain();
  };
  const Server listening = co_await start_server(loop, echo, served);
  ConnectOptions options("127.0.0.1", listening.port());
  options.tls = client;
  options.server_hostname = "server.test";
  bool resumed = false;
  for (int i = 0; i < 2; ++i) {
    Stream stream = co_await open_connection(loop, options);
    resumed = tls_info(stream.writer.transport())->resumed;
    stream.writer.write("line\n");
    co_await stream.reader.read_line();
    stream.writer.close();
    co_await stream.writer.wait_closed();
    if (i == 0) co_await sleep_for(loop, between);
  }
  listening.close();
  co_await wait_closed(listening);
  co_return resumed;
}

TEMPLATE_TEST_CASE("sessions are taken up again, unless that is not wanted", "", SimLoop, RealLoop) {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const SecureSetting setting = secure_setting(version);
  TlsClientOptions options = certificates::client_options();
  options.resumption = false;
  TestType stage;
  CHECK(run_until_complete(stage.loop, is_resumed(stage.loop, setting.server, setting.client)));
  CHECK_FALSE(run_until_complete(stage.loop, is_resumed(stage.loop, setting.server, tls_client(options))));
}

TEST_CASE("simulated sessions age by the calendar of their host") {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const SecureSetting setting = secure_setting(version);
  const auto is_resumed_after = [&](Duration between) {
    SimLoop stage;
    return run_until_complete(stage.loop, is_resumed(stage.loop, setting.server, setting.client, between));
  };
  CHECK(is_resumed_after(std::chrono::minutes(119)));
  CHECK_FALSE(is_resumed_after(std::chrono::minutes(121)));
}

/// A handshake of OpenSSL with itself that takes up `session`, if there is one. The session that came of it.
std::shared_ptr<SSL_SESSION> shake_hands(SSL_CTX* server_context, SSL_CTX* client_context,
                                         const std::shared_ptr<SSL_SESSION>& session, bool& reused) {
  SSL* const server = SSL_new(server_context);
  SSL* const client = SSL_new(client_context);
  BIO* up = nullptr;
  BIO* down = nullptr;
  REQUIRE(BIO_new_bio_pair(&up, 0, &down, 0) == 1);
  SSL_set_bio(server, up, up);
  SSL_set_bio(client, down, down);
  SSL_set_accept_state(server);
  SSL_set_connect_state(client);
  if (session) SSL_set_session(client, session.get());
  for (int flight = 0; flight < 4; ++flight) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  char byte = 0;
  SSL_read(client, &byte, 1);  // the tickets
  REQUIRE(SSL_is_init_finished(client) == 1);
  reused = SSL_session_reused(client) == 1;
  std::shared_ptr<SSL_SESSION> made(SSL_get1_session(client), SSL_SESSION_free);
  // Without farewells OpenSSL would take the session for a broken one.
  for (SSL* const end : {client, server}) {
    SSL_set_shutdown(end, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(end);
  }
  return made;
}

TEST_CASE("a simulated server does not take up an old session, whatever its client thinks") {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const SecureSetting setting = secure_setting(version);
  const auto is_resumed_after = [&](Duration between) {
    sim::World world(1);
    const auto server = native_tls_context(world.add_host("server").loop(), *setting.server);
    const std::shared_ptr<SSL_CTX> client(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    bool reused = true;
    const auto session = shake_hands(server.get(), client.get(), nullptr, reused);
    CHECK_FALSE(reused);
    world.run_for(between);
    shake_hands(server.get(), client.get(), session, reused);
    return reused;
  };
  CHECK(is_resumed_after(std::chrono::minutes(119)));
  CHECK_FALSE(is_resumed_after(std::chrono::minutes(121)));
}

TEST_CASE("the same seed gives the same ciphertext of sessions, whatever the clock of the machine says") {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const SecureSetting setting = secure_setting(version);
  const auto run = [&] {
    SimLoop stage;
    CHECK(run_until_complete(stage.loop, is_resumed(stage.loop, setting.server, setting.client)));
    return stage.world.fingerprint();
  };
  const std::uint64_t before = run();
  // Its seconds are what OpenSSL would write down: no other clock will do.
  for (const std::time_t now = std::time(nullptr); std::time(nullptr) == now;)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(run() == before);
}

}  // namespace
}  // namespace twinwire::unit
