// asio::ssl::stream over both backends, with a context of the ordinary kind: it runs under simulation, too,
// but its random bytes are not those of the seed.
#include "hosts.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/task.hpp>

#include <memory>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace twinwire {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;

/// A context with a new key, and a certificate for it that is signed by itself.
ssl::context server_context() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  ssl::context context(ssl::context::tls_server);
  REQUIRE(SSL_CTX_use_certificate(context.native_handle(), certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context.native_handle(), key.get()) == 1);
  return context;
}

TEMPLATE_TEST_CASE("asio::ssl::stream talks", "", SimHosts, RealHosts) {
  TestType hosts;
  ssl::context for_server = server_context();
  ssl::context for_client(ssl::context::tls_client);
  socket_acceptor acceptor(hosts.server);
  run_until_complete(hosts.server, [&]() -> awaitable<void> {
    const ServerOptions where("", 0);
    co_await acceptor.async_listen(where, use_awaitable);
  });
  const std::string data(300'000, 'd');
  const Task serving = spawn(
      hosts.server,
      [&]() -> awaitable<void> {
        ssl::stream<stream_socket> peer(co_await acceptor.async_accept(use_awaitable), for_server);
        co_await peer.async_handshake(ssl::stream_base::server, use_awaitable);
        std::string received(data.size(), '\0');
        co_await asio::async_read(peer, asio::buffer(received), use_awaitable);
        co_await asio::async_write(peer, asio::buffer(received), use_awaitable);
        const auto [error] = co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
        CHECK_FALSE(error);
      },
      "server");
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    ssl::stream<stream_socket> peer(stream_socket(hosts.client), for_client);
    const ConnectOptions there(hosts.name, acceptor.port());
    co_await peer.lowest_layer().async_connect(there, use_awaitable);
    co_await peer.async_handshake(ssl::stream_base::client, use_awaitable);
    co_await asio::async_write(peer, asio::buffer(data), use_awaitable);
    std::string received;
    const auto [error, size] =
        co_await asio::async_read(peer, asio::dynamic_buffer(received), asio::as_tuple(use_awaitable));
    CHECK(error == asio::error::eof);
    const bool same = received == data;
    CHECK(same);
    const auto [end] = co_await peer.async_shutdown(asio::as_tuple(use_awaitable));
    CHECK_FALSE(end);
    co_await serving.wait();
  });
}

}  // namespace
}  // namespace twinwire
