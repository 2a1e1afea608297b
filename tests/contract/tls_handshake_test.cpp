// Handshakes that fail, are cancelled, or never come to an end.
#include "bare_peer.hpp"
#include "harness.hpp"
#include "tls_service.hpp"

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

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
  peer.run_until_hello();
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
  peer.run_until_hello();
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

CONTRACT_TEST("TLS-17", "cancelling during the handshake closes the socket, and nobody is called") {
  BarePeer peer(stage, /*silent=*/true);
  Connecting connecting(stage, stage.client(), peer.options());
  peer.run_until_hello();
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

}  // namespace
}  // namespace twinwire::contract
