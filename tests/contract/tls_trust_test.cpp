// Whom a TLS connection trusts: certificates, and the names in them.
#include "harness.hpp"
#include "tls_service.hpp"

#include <twinwire/net/tls/error.hpp>
#include <twinwire/net/tls/info.hpp>

#include <certificates.hpp>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// Why a client refuses a server with this identity; empty if it does not.
std::string refusal(Stage& stage, const certificates::Identity& identity,
                    const TlsClientOptions& options = certificates::client_options()) {
  TlsServerOptions served;
  served.certificate_chain = identity.chain;
  served.private_key = identity.key;
  const TlsService service(stage, tls_server(served));
  Connecting connecting(stage, stage.client(), secure_options(stage, service, tls_client(options)));
  connecting.run();
  stage.settle();
  const std::string why = connecting.outcome->message();
  if (connecting.outcome->succeeded()) {
    connecting.protocol->transport.close();
    stage.run_until_lost(*connecting.protocol);
  } else {
    CHECK(error_code_of(connecting.outcome->failure) == TlsError::certificate_refused);
    CHECK(connecting.factory_calls() == 0);
    CHECK(service.count() == 0);
  }
  stage.run_until([&] { return service.server.connections() == 0; }, "the server to be alone");
  return why;
}

certificates::Identity issued(const certificates::Request& request) {
  return certificates::Authority().issue(request);
}

CONTRACT_TEST("TLS-02", "a certificate that cannot be trusted is refused, and the message says why") {
  certificates::Request request;
  std::string expected;
  certificates::Identity identity = issued(request);
  TlsClientOptions options = certificates::client_options();
  SECTION("a good one is not") {}
  SECTION("expired") {
    request.last_year = 2010;
    identity = issued(request);
    expected = "certificate has expired";
  }
  SECTION("not yet valid") {
    request.first_year = 2150;
    identity = issued(request);
    expected = "certificate is not yet valid";
  }
  SECTION("for another name") {
    request.names = {"other.test", "*.server.test"};
    identity = issued(request);
    expected = "ostname mismatch";
  }
  SECTION("self-signed") {
    identity = certificates::self_signed(request);
    expected = "self-signed certificate";
  }
  SECTION("of an unknown issuer") {
    identity = certificates::Authority("Other Root").issue(request);
    expected = "unable to get local issuer certificate";
  }
  SECTION("revoked") {
    options.revocation_lists = certificates::Authority().revocation_list({1, 7});
    expected = "certificate revoked";
  }
  SECTION("not revoked, but others are") {
    options.revocation_lists = certificates::Authority().revocation_list({2, 7});
  }
  SECTION("on no list at all, where there are lists") {
    identity = issued(request);
    options.revocation_lists = certificates::Authority("Other Root").revocation_list({7});
    expected = "unable to get certificate CRL";
  }
  const std::string why = refusal(stage, identity, options);
  INFO(why);
  CHECK(why.empty() == expected.empty());
  CHECK(why.find(expected) != std::string::npos);
  if (!expected.empty()) CHECK(why.find("TLS handshake") != std::string::npos);
}

CONTRACT_TEST("TLS-02", "which reason it was can be told from the code") {
  certificates::Request request;
  request.last_year = 2010;
  TlsServerOptions options;
  const certificates::Identity identity = issued(request);
  options.certificate_chain = identity.chain;
  options.private_key = identity.key;
  const TlsService service(stage, tls_server(options));
  Connecting connecting(stage, stage.client(), secure_options(stage, service));
  connecting.run();
  const error_code error = error_code_of(connecting.outcome->failure);
  CHECK(error == TlsError::certificate_expired);
  CHECK(error != TlsError::certificate_not_yet_valid);
  CHECK(error != TlsError::stream_truncated);
  stage.settle();
}

CONTRACT_TEST("TLS-02", "the server's alert reaches a client whose certificate it refuses") {
  // A server that has refused is gone, and what a client says then is answered by a reset, which an alert
  // that was lost on its way does not survive. That is so in reality.
  stage.calm();
  TlsServerOptions options = certificates::server_options();
  options.trusted = certificates::Authority().root();
  options.client_certificate = ClientCertificate::required;
  options.max_version = TlsVersion::tls1_2;
  const TlsService service(stage, tls_server(options));
  TlsClientOptions anonymous = certificates::client_options();
  SECTION("none at all") {}
  SECTION("of an unknown issuer") {
    const certificates::Identity unknown =
        certificates::Authority("Other Root").issue(certificates::Request("client"));
    anonymous.certificate_chain = unknown.chain;
    anonymous.private_key = unknown.key;
  }
  Connecting connecting(stage, stage.client(), secure_options(stage, service, tls_client(anonymous)));
  connecting.run();
  INFO(connecting.outcome->message());
  CHECK_FALSE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->message().find("alert") != std::string::npos);
  CHECK(service.count() == 0);
  stage.settle();
}

CONTRACT_TEST("TLS-03", "the name to expect is the host, unless another is given") {
  certificates::Request request("by-address");
  request.names = {stage.server_address()};
  const certificates::Identity identity = issued(request);
  TlsServerOptions options;
  options.certificate_chain = identity.chain;
  options.private_key = identity.key;
  const TlsService service(stage, tls_server(options));
  ConnectOptions to = secure_options(stage, service);
  SECTION("by default") {
    to.server_hostname.reset();
    Connecting connecting(stage, stage.client(), to);
    connecting.run();
    INFO(connecting.outcome->message());
    CHECK(connecting.outcome->succeeded());
    connecting.protocol->transport.close();
    stage.run_until_lost(*connecting.protocol);
  }
  SECTION("another") {
    to.server_hostname = "192.0.2.9";
    Connecting connecting(stage, stage.client(), to);
    connecting.run();
    CHECK(error_code_of(connecting.outcome->failure) == TlsError::hostname_mismatch);
  }
  SECTION("an empty one is not looked for") {
    to.server_hostname = "";
    Connecting connecting(stage, stage.client(), to);
    connecting.run();
    INFO(connecting.outcome->message());
    CHECK(connecting.outcome->succeeded());
    CHECK(tls_info(connecting.protocol->transport.raw())->server_name.empty());
    connecting.protocol->transport.close();
    stage.run_until_lost(*connecting.protocol);
  }
  stage.settle();
}

CONTRACT_TEST("TLS-03", "a host is expected to have its own name") {
  const TlsService service(stage);
  ConnectOptions options = secure_options(stage, service);
  options.server_hostname.reset();
  Connecting connecting(stage, stage.client(), options);
  connecting.run();
  CHECK(error_code_of(connecting.outcome->failure) == TlsError::hostname_mismatch);
  stage.settle();
}

CONTRACT_TEST("TLS-03", "settings that cannot be are rejected at once") {
  Loop& loop = stage.client();
  const auto nothing = [](auto, auto) {};
  const auto factory = [&] { return stage.recorder("client")->factory(); };
  ConnectOptions options("server.test", 1);
  SECTION("server_hostname without TLS") {
    options.server_hostname = "server.test";
  }
  SECTION("a context for servers") {
    options.tls = server_context();
  }
  SECTION("a handshake timeout without TLS") {
    options.tls_handshake_timeout = 1s;
  }
  SECTION("a shutdown timeout without TLS") {
    options.tls_shutdown_timeout = 1s;
  }
  CHECK_THROWS_AS(loop.create_connection(factory(), options, nothing), std::invalid_argument);
}

CONTRACT_TEST("TLS-03", "without a host the name must be given") {
  const TlsService service(stage);
  const NativeHandle sock = connected_socket(stage, service.server);
  ConnectOptions options;
  options.sock = sock;
  options.tls = client_context();
  const auto client = stage.recorder("client");
  CHECK_THROWS_AS(stage.client().create_connection(client->factory(), options, [](auto, auto) {}),
                  std::invalid_argument);
  options.server_hostname = server_name;
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), options, outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the handshake");
  INFO(outcome->message());
  CHECK(outcome->succeeded());
  client->transport.close();
  stage.run_until_lost(*client);
}

CONTRACT_TEST("TLS-03", "a server is told the name, but not an address") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  CHECK(tls_info(pair.server->transport.raw())->server_name == server_name);
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

}  // namespace
}  // namespace twinwire::contract
