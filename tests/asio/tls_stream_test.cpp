// asio::ssl::stream over both backends.
#include "hosts.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/ssl_context.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/context.hpp>

#include <certificates.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace http = boost::beast::http;
using SecureStream = ssl::stream<stream_socket>;

constexpr const char* certified_name = "server.test";

/// Descriptions of both sides, which fit each other.
struct Descriptions {
  std::shared_ptr<const TlsContext> server;
  std::shared_ptr<const TlsContext> client;
};

const Descriptions& descriptions() {
  static const Descriptions made{tls_server(certificates::server_options()),
                                 tls_client(certificates::client_options())};
  return made;
}

/// Takes one connection, sends `size` bytes back, and says goodbye.
awaitable<void> serve_one(socket_acceptor& acceptor, ssl::context& context, std::size_t size) {
  SecureStream peer(co_await acceptor.async_accept(use_awaitable), context);
  co_await peer.async_handshake(ssl::stream_base::server, use_awaitable);
  std::string received(size, '\0');
  co_await asio::async_read(peer, asio::buffer(received), use_awaitable);
  co_await asio::async_write(peer, asio::buffer(received), use_awaitable);
  const auto [error] = co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
  CHECK_FALSE(error);
}

/// What comes back, up to a proper end.
awaitable<std::string> ask_one(Loop& loop, ConnectOptions there, ssl::context& context,
                               const std::string& data) {
  SecureStream peer(stream_socket(loop), context);
  co_await peer.lowest_layer().async_connect(there, use_awaitable);
  peer.set_verify_callback(ssl::host_name_verification(certified_name));
  co_await peer.async_handshake(ssl::stream_base::client, use_awaitable);
  co_await asio::async_write(peer, asio::buffer(data), use_awaitable);
  std::string received;
  const auto [error, size] =
      co_await asio::async_read(peer, asio::dynamic_buffer(received), asio::as_tuple(use_awaitable));
  CHECK(error == asio::error::eof);
  const auto [end] = co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
  CHECK_FALSE(end);
  co_return received;
}

template <class Hosts>
std::string converse(Hosts& hosts, ssl::context& for_server, ssl::context& for_client,
                     const std::string& data) {
  socket_acceptor acceptor(hosts.server);
  run_until_complete(hosts.server, [&]() -> awaitable<void> {
    const ServerOptions where("", 0);
    co_await acceptor.async_listen(where, use_awaitable);
  });
  const Task serving = spawn(hosts.server, serve_one(acceptor, for_server, data.size()), "server");
  std::string received;
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    const ConnectOptions there(hosts.name, acceptor.port());
    received = co_await ask_one(hosts.client, there, for_client, data);
    co_await serving.wait();
  });
  return received;
}

/// The fingerprint of a conversation in a world of this seed.
std::uint64_t fingerprint_of(std::uint64_t seed) {
  SimHosts hosts(seed, sim::LinkOptions{});
  ssl_context for_server(hosts.server, *descriptions().server);
  ssl_context for_client(hosts.client, *descriptions().client);
  REQUIRE(converse(hosts, for_server, for_client, "hello") == "hello");
  return hosts.world.fingerprint();
}

TEMPLATE_TEST_CASE("asio::ssl::stream talks, with contexts of its loops", "", SimHosts, RealHosts) {
  TestType hosts;
  ssl_context for_server(hosts.server, *descriptions().server);
  ssl_context for_client(hosts.client, *descriptions().client);
  const std::string data(300'000, 'd');
  const bool same = converse(hosts, for_server, for_client, data) == data;
  CHECK(same);
}

// It runs under simulation, too, but its random bytes are not those of the seed.
TEMPLATE_TEST_CASE("asio::ssl::stream talks, with contexts of the ordinary kind", "", SimHosts, RealHosts) {
  TestType hosts;
  const certificates::Identity identity = certificates::Authority().issue({});
  ssl::context for_server(ssl::context::tls_server);
  for_server.use_certificate_chain(asio::buffer(identity.chain));
  for_server.use_private_key(asio::buffer(identity.key), ssl::context::pem);
  ssl::context for_client(ssl::context::tls_client);
  CHECK(converse(hosts, for_server, for_client, "hello") == "hello");
}

TEST_CASE("a seed decides all bytes of asio::ssl::stream") {
  std::set<std::uint64_t> different;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const std::uint64_t fingerprint = fingerprint_of(seed);
    CHECK(fingerprint == fingerprint_of(seed));
    different.insert(fingerprint);
  }
  // The links are calm: seeds differ in what OpenSSL draws alone.
  CHECK(different.size() == 3);
}

TEMPLATE_TEST_CASE("a context of a loop is the user's own, and may be changed", "", SimHosts, RealHosts) {
  TestType hosts;
  ssl_context for_server(hosts.server, *descriptions().server);
  ssl_context for_client(hosts.client, *descriptions().client);
  ssl_context another(hosts.client, *descriptions().client);
  bool asked = false;
  for_client.set_verify_callback([&](bool, ssl::verify_context&) {
    asked = true;
    return true;
  });
  CHECK(converse(hosts, for_server, another, "hello") == "hello");
  CHECK_FALSE(asked);
}

TEMPLATE_TEST_CASE("what a description asks for is asked of asio::ssl::stream", "", SimHosts, RealHosts) {
  TestType hosts;
  ssl_context for_server(hosts.server, *descriptions().server);
  ssl_context stranger(hosts.client, *tls_client());  // does not know the authority
  CHECK_THROWS_WITH(converse(hosts, for_server, stranger, "hello"),
                    Catch::Contains("certificate verify failed"));
}

TEST_CASE("a context may outlive its world, and may be moved") {
  std::optional<ssl_context> kept;
  {
    sim::World world(1);
    ssl_context made(world.add_host("host").loop(), *descriptions().server);
    kept.emplace(std::move(made));
  }
  CHECK(SSL_CTX_get0_certificate(kept->native_handle()) != nullptr);
}

TEST_CASE("a world may go in the middle of a handshake") {
  for (int steps = 0; steps < 200; steps += 7) {
    SimHosts hosts;
    ssl_context for_server(hosts.server, *descriptions().server);
    ssl_context for_client(hosts.client, *descriptions().client);
    socket_acceptor acceptor(hosts.server);
    run_until_complete(hosts.server, [&]() -> awaitable<void> {
      const ServerOptions where("", 443);
      co_await acceptor.async_listen(where, use_awaitable);
    });
    spawn(hosts.server, serve_one(acceptor, for_server, 5), "serve");
    bool answered = false;
    const auto ask = [&]() -> awaitable<void> {
      const ConnectOptions there("server", 443);
      answered = co_await ask_one(hosts.client, there, for_client, "hello") == "hello";
    };
    spawn(hosts.client, ask(), "ask");
    int step = 0;
    while (step < steps && hosts.world.step()) ++step;
    CHECK((answered || step == steps));  // nothing but the end of the steps keeps the answer back
  }
}

awaitable<void> serve_page(socket_acceptor& acceptor, ssl::context& context) {
  SecureStream peer(co_await acceptor.async_accept(use_awaitable), context);
  co_await peer.async_handshake(ssl::stream_base::server, use_awaitable);
  boost::beast::flat_buffer buffer;
  http::request<http::empty_body> request;
  co_await http::async_read(peer, buffer, request, use_awaitable);
  http::response<http::string_body> response(http::status::ok, request.version());
  response.body() = "you asked for " + std::string(request.target());
  response.prepare_payload();
  co_await http::async_write(peer, response, use_awaitable);
  co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
}

TEMPLATE_TEST_CASE("Beast serves HTTPS", "", SimHosts, RealHosts) {
  TestType hosts;
  ssl_context for_server(hosts.server, *descriptions().server);
  ssl_context for_client(hosts.client, *descriptions().client);
  socket_acceptor acceptor(hosts.server);
  run_until_complete(hosts.server, [&]() -> awaitable<void> {
    const ServerOptions where("", 0);
    co_await acceptor.async_listen(where, use_awaitable);
  });
  const Task serving = spawn(hosts.server, serve_page(acceptor, for_server), "server");
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    SecureStream peer(stream_socket(hosts.client), for_client);
    const ConnectOptions there(hosts.name, acceptor.port());
    co_await peer.lowest_layer().async_connect(there, use_awaitable);
    co_await peer.async_handshake(ssl::stream_base::client, use_awaitable);
    const http::request<http::empty_body> request(http::verb::get, "/page", 11);
    co_await http::async_write(peer, request, use_awaitable);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(peer, buffer, response, use_awaitable);
    CHECK(response.body() == "you asked for /page");
    co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
    co_await serving.wait();
  });
}

}  // namespace
}  // namespace twinwire
