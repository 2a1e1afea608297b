// Handshakes under simulation, beside OpenSSL alone with the same contexts and keys. User-CPU time of both
// ends.
#include <twinwire/net/tls/native.hpp>
#include <twinwire/sim/world.hpp>

#include <certificates.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <openssl/ssl.h>

namespace {

using namespace twinwire;

/// Every handshake is a full one.
struct Setting {
  Setting() {
    TlsServerOptions server_options = certificates::server_options();
    TlsClientOptions client_options = certificates::client_options();
    server_options.resumption = client_options.resumption = false;
    server = tls_server(server_options);
    client = tls_client(client_options);
  }
  std::shared_ptr<const TlsContext> server;
  std::shared_ptr<const TlsContext> client;
};

class Silent final : public Protocol {
 public:
  void data_received(Bytes) override {}
};

std::shared_ptr<BaseProtocol> silent() {
  return std::make_shared<Silent>();
}

void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

// --- OpenSSL alone ---

void check(bool done) {
  if (!done) throw std::runtime_error("the handshake failed");
}

/// A handshake and both farewells, over two memory BIOs.
void bare_handshake(SSL_CTX* server_context, SSL_CTX* client_context) {
  SSL* const server = SSL_new(server_context);
  SSL* const client = SSL_new(client_context);
  BIO* const up = BIO_new(BIO_s_mem());
  BIO* const down = BIO_new(BIO_s_mem());
  BIO_up_ref(up);
  BIO_up_ref(down);
  SSL_set_bio(server, up, down);
  SSL_set_bio(client, down, up);
  SSL_set_accept_state(server);
  SSL_set_connect_state(client);
  SSL_set_tlsext_host_name(client, "server.test");
  SSL_set1_host(client, "server.test");
  while (SSL_do_handshake(client) != 1 || SSL_do_handshake(server) != 1) {
    check(SSL_do_handshake(server) == 1 || BIO_pending(down) > 0);
  }
  SSL_shutdown(client);
  SSL_shutdown(server);
  check(SSL_shutdown(client) == 1);
  SSL_free(client);
  SSL_free(server);
}

void bare_one_context(benchmark::State& state) {
  const Setting setting;
  sim::World world(1);
  const auto server = native_tls_context(world.add_host("server").loop(), *setting.server);
  const auto client = native_tls_context(world.add_host("client").loop(), *setting.client);
  for (auto _ : state) bare_handshake(server.get(), client.get());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_one_context);

void bare_fresh_contexts(benchmark::State& state) {
  const Setting setting;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    sim::World world(++seed);
    bare_handshake(native_tls_context(world.add_host("server").loop(), *setting.server).get(),
                   native_tls_context(world.add_host("client").loop(), *setting.client).get());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_fresh_contexts);

// --- connections of a simulated world ---

void serve(sim::Host& host, const Setting& setting) {
  ServerOptions options("", 443);
  options.tls = setting.server;
  host.loop().create_server(silent, options,
                            [](const std::exception_ptr& failure, Server) { rethrow(failure); });
}

void connect_and_close(sim::World& world, sim::Host& host, const Setting& setting) {
  ConnectOptions options("10.0.0.1", 443);
  options.tls = setting.client;
  options.server_hostname = "server.test";
  host.loop().create_connection(silent, options,
                                [](const std::exception_ptr& failure, const Connection& connection) {
                                  rethrow(failure);
                                  connection.transport.close();
                                });
  world.run();
}

sim::WorldOptions endless() {
  sim::WorldOptions options;
  options.events_max = ~std::uint64_t{0};
  options.time_max = Duration::max();
  return options;
}

void simulated_one_world(benchmark::State& state) {
  const Setting setting;
  sim::World world(1, endless());
  serve(world.add_host("server"), setting);
  sim::Host& client = world.add_host("client");
  world.run_for(std::chrono::seconds(1));
  for (auto _ : state) connect_and_close(world, client, setting);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(simulated_one_world);

void simulated_fresh_worlds(benchmark::State& state) {
  const Setting setting;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    sim::World world(++seed);
    serve(world.add_host("server"), setting);
    sim::Host& client = world.add_host("client");
    world.run_for(std::chrono::seconds(1));
    connect_and_close(world, client, setting);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(simulated_fresh_worlds);

}  // namespace
