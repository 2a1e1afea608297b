// Boost.Beast's WebSockets, server and client, over both backends. Each contains plain Asio timers, and masks
// what a client sends.
#include "../unit/witness.hpp"
#include "hosts.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/context.hpp>

#include <certificates.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using namespace std::chrono_literals;
using WebSocket = websocket::stream<stream_socket>;

constexpr auto with_error = asio::as_tuple(use_awaitable);

websocket::permessage_deflate compressing() {
  websocket::permessage_deflate options;
  options.client_enable = true;
  options.server_enable = true;
  return options;
}

/// Sends each message back, until the peer closes. What ended it.
awaitable<error_code> echo(stream_socket socket) {
  const Witness witness;
  WebSocket peer(std::move(socket));
  peer.set_option(compressing());
  peer.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  co_await peer.async_accept(use_awaitable);
  for (;;) {
    beast::flat_buffer buffer;
    const auto [error, size] = co_await peer.async_read(buffer, with_error);
    if (error) co_return error;
    peer.text(peer.got_text());
    co_await peer.async_write(buffer.data(), use_awaitable);
  }
}

awaitable<void> serve_websockets(Loop& loop, socket_acceptor& acceptor) {
  const Witness witness;
  for (;;) {
    stream_socket socket = co_await acceptor.async_accept(use_awaitable);
    spawn(
        loop,
        [](stream_socket accepted) -> awaitable<void> {
          const error_code error = co_await echo(std::move(accepted));
          CHECK(error == websocket::error::closed);
        }(std::move(socket)),
        "echo", TaskOptions(true));
  }
}

using Tls = std::shared_ptr<const TlsContext>;

std::uint16_t start_websocket_server(Loop& loop, socket_acceptor& acceptor, std::uint16_t port = 0,
                                     const Tls& tls = nullptr) {
  run_until_complete(loop, [&]() -> awaitable<void> {
    ServerOptions where("", port);
    where.tls = tls;
    co_await acceptor.async_listen(where, use_awaitable);
  });
  spawn(loop, serve_websockets(loop, acceptor), "serve", TaskOptions(true));
  return acceptor.port();
}

awaitable<void> connect(WebSocket& peer, std::string name, std::uint16_t port, Tls tls = nullptr) {
  ConnectOptions there(std::move(name), port);
  if (tls) there.server_hostname = "server.test";
  there.tls = std::move(tls);
  co_await peer.next_layer().async_connect(there, use_awaitable);
  co_await peer.async_handshake("server", "/", use_awaitable);
}

/// Messages of several sizes, and the end in order.
awaitable<void> talk(Loop& loop, std::string name, std::uint16_t port, bool compress, Tls tls = nullptr) {
  const Witness witness;
  WebSocket peer(loop.get_executor());
  if (compress) peer.set_option(compressing());
  peer.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
  co_await connect(peer, std::move(name), port, std::move(tls));
  for (const std::size_t size : {0, 1, 125, 126, 65'535, 65'536, 200'000}) {
    std::string message;
    for (std::size_t i = 0; i < size; ++i) message += static_cast<char>('a' + i * i % 26);
    peer.binary(size % 2 == 0);
    co_await peer.async_write(asio::buffer(message), use_awaitable);
    beast::flat_buffer buffer;
    co_await peer.async_read(buffer, use_awaitable);
    const bool same = beast::buffers_to_string(buffer.data()) == message;
    CHECK(same);
    CHECK(peer.got_binary() == (size % 2 == 0));
  }
  co_await peer.async_close(websocket::close_code::normal, use_awaitable);
  CHECK_FALSE(peer.next_layer().is_open());
}

TEMPLATE_TEST_CASE("Beast's WebSockets talk", "", SimHosts, RealHosts) {
  for (const bool compress : {false, true}) {
    TestType hosts;
    socket_acceptor acceptor(hosts.server);
    const std::uint16_t port = start_websocket_server(hosts.server, acceptor);
    run_until_complete(hosts.client, talk(hosts.client, hosts.name, port, compress));
  }
}

TEMPLATE_TEST_CASE("Beast's WebSockets talk, and end in order, over TLS", "", SimHosts, RealHosts) {
  TestType hosts;
  socket_acceptor acceptor(hosts.server);
  const std::uint16_t port =
      start_websocket_server(hosts.server, acceptor, 0, tls_server(certificates::server_options()));
  const Tls trusting = tls_client(certificates::client_options());
  run_until_complete(hosts.client, talk(hosts.client, hosts.name, port, false, trusting));
}

TEST_CASE("the same seed gives the same bytes of a WebSocket, another one others") {
  const auto fingerprint = [](std::uint64_t seed, const sim::LinkOptions& link) {
    SimHosts hosts(seed, link);
    socket_acceptor acceptor(hosts.server);
    start_websocket_server(hosts.server, acceptor, 80);
    run_until_complete(hosts.client, talk(hosts.client, "server", 80, seed % 2 == 0));
    hosts.world.run_for(1h);
    return hosts.world.fingerprint();
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    CHECK(fingerprint(seed, sim::LinkOptions::rough()) == fingerprint(seed, sim::LinkOptions::rough()));
  }
  // Nothing but the masks and the key of the handshake can tell these apart.
  CHECK(fingerprint(1, sim::LinkOptions()) == fingerprint(1, sim::LinkOptions()));
  CHECK(fingerprint(1, sim::LinkOptions()) != fingerprint(3, sim::LinkOptions()));
}

TEMPLATE_TEST_CASE("a WebSocket gives up on a peer that is silent", "", SimHosts, RealHosts) {
  TestType hosts;
  socket_acceptor acceptor(hosts.server);
  const std::uint16_t port = start_websocket_server(hosts.server, acceptor);
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    WebSocket peer(hosts.client.get_executor());
    co_await connect(peer, hosts.name, port);
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = websocket::stream_base::none();
    timeout.idle_timeout = 20ms;
    timeout.keep_alive_pings = false;
    peer.set_option(timeout);
    const TimePoint before = hosts.client.time();
    beast::flat_buffer buffer;
    const auto [error, size] = co_await peer.async_read(buffer, with_error);
    CHECK(error == beast::error::timeout);
    CHECK(hosts.client.time() - before >= 20ms);
    CHECK_FALSE(peer.next_layer().is_open());
  });
  acceptor.close();
}

TEST_CASE("pings find a network that is gone, in virtual time") {
  SimHosts hosts(1, sim::LinkOptions());
  socket_acceptor acceptor(hosts.server);
  start_websocket_server(hosts.server, acceptor, 80);
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    WebSocket peer(hosts.client.get_executor());
    co_await connect(peer, "server", 80);
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = 10s;
    timeout.idle_timeout = 60s;
    timeout.keep_alive_pings = true;
    peer.set_option(timeout);
    beast::flat_buffer buffer;
    // For an hour pings are answered; then there is nobody to answer them.
    hosts.client.call_later(
        1h, [&] { hosts.world.link(hosts.server_host, hosts.client_host).options.down = true; });
    const TimePoint before = hosts.client.time();
    const auto [error, size] = co_await peer.async_read(buffer, with_error);
    CHECK(error == beast::error::timeout);
    CHECK(hosts.client.time() - before > 1h);
    CHECK(hosts.client.time() - before < 1h + 2min);
  });
}

TEST_CASE("a world that goes while WebSockets talk leaves nothing behind") {
  for (int steps = 0; steps < 400; steps += 7) {
    INFO(steps << " steps");
    {
      SimHosts hosts(static_cast<std::uint64_t>(steps));
      socket_acceptor acceptor(hosts.server);
      start_websocket_server(hosts.server, acceptor, 80);
      spawn(hosts.client, talk(hosts.client, "server", 80, true), "talk");
      for (int i = 0; i < steps; ++i) REQUIRE(hosts.world.step());
    }
    CHECK(Witness::alive == 0);
  }
}

}  // namespace
}  // namespace twinwire
