// One short conversation over TLS in a world of its own.
#pragma once

#include "endpoints.hpp"

#include <twinwire/net/tls/context.hpp>
#include <twinwire/sim/world.hpp>

#include <certificates.hpp>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace twinwire::unit {

/// What two ends agree to use.
struct SecureSetting {
  std::shared_ptr<const TlsContext> server;
  std::shared_ptr<const TlsContext> client;
};

inline SecureSetting secure_setting(TlsVersion version = TlsVersion::tls1_3,
                                    certificates::Key key = certificates::Key::ecdsa) {
  const certificates::Authority authority;
  certificates::Request request;
  request.key = key;
  const certificates::Identity identity = authority.issue(request);
  TlsServerOptions server;
  server.certificate_chain = identity.chain;
  server.private_key = identity.key;
  server.max_version = version;
  return {tls_server(server), tls_client(certificates::client_options(authority))};
}

/// Runs the world until nothing is left. Throws if a word was lost.
inline void converse(sim::World& world, const SecureSetting& setting) {
  ServerOptions served("", 443);
  served.tls = setting.server;
  const Service service = serve(world.add_host("server"), served);
  ConnectOptions options("server", 443);
  options.tls = setting.client;
  options.server_hostname = "server.test";
  const auto client = connect(world.add_host("client"), options);
  if (client->failure) std::rethrow_exception(client->failure);
  client->protocol->transport.write("to be or not to be");
  world.run_until([&] { return service.count() == 1 && service[0].received.size() == 18; });
  service[0].transport.write(std::string(40'000, 'x'));
  service[0].transport.close();
  service.server.close();
  world.run();
  if (client->protocol->received.size() != 40'000 || client->protocol->reason.failed()) {
    throw std::runtime_error("the conversation was cut short");
  }
}

/// Over all that went over the wire.
inline std::uint64_t fingerprint_of(std::uint64_t seed, const SecureSetting& setting) {
  sim::World world(seed);
  converse(world, setting);
  return world.fingerprint();
}

}  // namespace twinwire::unit
