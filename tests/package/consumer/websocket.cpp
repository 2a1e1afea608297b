// Boost.Beast and asio::ssl::stream, unmodified, in simulated worlds: a WebSocket over TLS.
#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/ssl_context.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/context.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace {

using twinwire::awaitable;
using twinwire::use_awaitable;
namespace ssl = boost::asio::ssl;
using SecureStream = ssl::stream<twinwire::stream_socket>;
using WebSocket = boost::beast::websocket::stream<SecureStream>;

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  write(bio.get());
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
  return {text, size};
}

/// A server with a certificate of its own making.
std::shared_ptr<const twinwire::TlsContext> server_description() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  twinwire::TlsServerOptions options;
  options.certificate_chain = pem_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); });
  options.private_key = pem_of(
      [&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return twinwire::tls_server(options);
}

std::shared_ptr<const twinwire::TlsContext> client_description() {
  twinwire::TlsClientOptions options;
  options.verify = false;
  return twinwire::tls_client(options);
}

awaitable<void> greet(twinwire::Loop& loop, const twinwire::TlsContext& description) {
  twinwire::ssl_context context(loop, description);
  twinwire::socket_acceptor acceptor(loop);
  const twinwire::ServerOptions where("", 80);
  co_await acceptor.async_listen(where, use_awaitable);
  WebSocket peer(co_await acceptor.async_accept(use_awaitable), context);
  co_await peer.next_layer().async_handshake(ssl::stream_base::server, use_awaitable);
  co_await peer.async_accept(use_awaitable);
  boost::beast::flat_buffer name;
  co_await peer.async_read(name, use_awaitable);
  const std::string greeting = "hello, " + boost::beast::buffers_to_string(name.data());
  co_await peer.async_write(boost::asio::buffer(greeting), use_awaitable);
  co_await peer.async_close(boost::beast::websocket::close_code::normal, use_awaitable);
}

awaitable<std::string> ask(twinwire::Loop& loop, const twinwire::TlsContext& description) {
  twinwire::ssl_context context(loop, description);
  WebSocket peer(loop.get_executor(), context);
  const twinwire::ConnectOptions there("server", 80);
  co_await peer.next_layer().next_layer().async_connect(there, use_awaitable);
  co_await peer.next_layer().async_handshake(ssl::stream_base::client, use_awaitable);
  co_await peer.async_handshake("server", "/", use_awaitable);
  const std::string name = "twin";
  co_await peer.async_write(boost::asio::buffer(name), use_awaitable);
  boost::beast::flat_buffer answer;
  co_await peer.async_read(answer, use_awaitable);
  co_return boost::beast::buffers_to_string(answer.data());
}

/// The fingerprint of the run; 0 if the greeting was another.
std::uint64_t run(std::uint64_t seed) {
  static const auto for_server = server_description();
  static const auto for_client = client_description();
  twinwire::sim::World world(seed);
  twinwire::Loop& server = world.add_host("server").loop();
  twinwire::Loop& client = world.add_host("client").loop();
  twinwire::spawn(server, greet(server, *for_server), "greet");
  std::string greeting;
  twinwire::run_until_complete(client,
                               [&]() -> awaitable<void> { greeting = co_await ask(client, *for_client); });
  return greeting == "hello, twin" ? world.fingerprint() : 0;
}

}  // namespace

int main() {
  const std::uint64_t first = run(1);
  const std::uint64_t second = run(2);
  // Without jitter or loss, seeds differ in the keys of TLS, and the masks and keys of the WebSocket, alone.
  const bool same_seed_same_bytes = first != 0 && second != 0 && first == run(1) && second == run(2);
  const bool other_seed_other_bytes = first != second;
  std::printf("same seed, same bytes: %s; another seed, others: %s\n", same_seed_same_bytes ? "yes" : "no",
              other_seed_other_bytes ? "yes" : "no");
  return same_seed_same_bytes && other_seed_other_bytes ? 0 : 1;
}
