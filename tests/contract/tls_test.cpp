// TLS: connections that are made secure from the first byte on.
#include "harness.hpp"
#include "tls_service.hpp"

#include <twinwire/net/tls/error.hpp>
#include <twinwire/net/tls/info.hpp>

#include <certificates.hpp>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t plenty = 3'000'000;

CONTRACT_TEST("TLS-01",
              "a connection completes after the handshake; data is decrypted, and encrypted below") {
  const TlsService service(stage);
  Connecting connecting(stage, stage.client(), secure_options(stage, service));
  bool made_before_done = false;
  connecting.protocol->on_made = [&] { made_before_done = !connecting.done(); };
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(made_before_done);
  const auto client = connecting.protocol;
  stage.run_until([&] { return service.count() == 1 && service[0].made(); }, "the server's end");
  CHECK(connecting.outcome->value.transport == client->transport.raw());
  CHECK(tls_info(client->transport.raw()) != nullptr);
  client->transport.write("question");
  stage.run_until_received(service[0], 8);
  service[0].transport.write("answer");
  service[0].transport.close();
  stage.run_until_lost(*client);
  stage.run_until_lost(service[0]);
  CHECK(client->events() == "CM DR:answer ER CL");
  CHECK(service[0].events() == "CM DR:question CL");
}

CONTRACT_TEST("TLS-01", "a BufferedProtocol receives what was decrypted, in its own buffer") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  pair.server->transport.set_protocol(pair.server->buffered_protocol());
  pair.client->transport.write(pattern(100'000));
  stage.run_until_received(*pair.server, 100'000);
  CHECK(pair.server->received() == pattern(100'000));
  CHECK(pair.server->count("GB") > 0);
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-01", "a protocol that is told of its connection finds it among the server's, once") {
  std::size_t seen = 0;
  const Server* server = nullptr;
  const TlsService service(stage, server_context(), [&](Recorder& recorder) {
    recorder.on_made = [&] { seen = server->connections(); };
  });
  server = &service.server;
  const Pair pair = connect_secure(stage, service);
  CHECK(seen == 1);
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-01", "bytes that are no TLS never reach a protocol, and others are served") {
  const TlsService service(stage);
  const auto garbage = stage.recorder("garbage");
  stage.client().create_connection(garbage->factory(), stage.address_of(service.server), [](auto, auto) {});
  stage.run_until([&] { return garbage->made(); }, "the connection");
  garbage->transport.write("GET / HTTP/1.0\r\n\r\n");
  stage.run_until_lost(*garbage);
  CHECK(service.count() == 0);
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  stage.run_until([&] { return service.server.connections() == 0; }, "the server to be alone");
}

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

CONTRACT_TEST("TLS-10", "get_extra_info tells what was agreed on, and of the connection below") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const Transport& client = pair.client->transport.raw();
  const Transport& server = pair.server->transport.raw();
  const auto info = tls_info(client);
  REQUIRE(info != nullptr);
  CHECK(info->version == "TLSv1.3");
  CHECK(info->cipher.starts_with("TLS_"));
  CHECK(info->cipher_bits >= 128);
  CHECK(info->alpn.empty());
  CHECK(std::get<std::string>(client.get_extra_info("cipher")) == info->cipher);
  CHECK(std::get<std::string>(client.get_extra_info("version")) == "TLSv1.3");
  CHECK(std::get<std::shared_ptr<const TlsContext>>(client.get_extra_info("sslcontext")) == client_context());
  const auto certificate = std::get<std::shared_ptr<const TlsCertificate>>(client.get_extra_info("peercert"));
  CHECK(certificate->subject == "CN=server.test");
  CHECK(certificate->issuer == "CN=Test Root");
  CHECK(certificate->names == std::vector<std::string>{"server.test"});
  CHECK(certificate->serial == "1");
  CHECK(certificate->fingerprint.size() == 64);
  CHECK(certificate->pem.starts_with("-----BEGIN CERTIFICATE-----"));
  CHECK(certificate->not_before < certificate->not_after);
  CHECK(std::holds_alternative<std::monostate>(server.get_extra_info("peercert")));
  CHECK(std::holds_alternative<std::monostate>(client.get_extra_info("compression")));
  CHECK(client.peername() == server.sockname());
  CHECK(client.sockname() == server.peername());
  CHECK(std::holds_alternative<NativeHandle>(client.get_extra_info("socket")));
  CHECK(std::get<std::string>(client.get_extra_info("unknown", std::string("x"))) == "x");
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(tls_info(client)->version == "TLSv1.3");
}

CONTRACT_TEST("TLS-10", "a client's certificate is told, where the server asks for it") {
  const certificates::Authority authority;
  TlsServerOptions served = certificates::server_options();
  served.trusted = authority.root();
  served.client_certificate = ClientCertificate::required;
  served.alpn = {"two", "one"};
  TlsClientOptions options = certificates::client_options();
  const certificates::Identity own = authority.issue(certificates::Request("alice"));
  options.certificate_chain = own.chain;
  options.private_key = own.key;
  options.alpn = {"one", "two"};
  const TlsService service(stage, tls_server(served));
  const Pair pair = connect_secure(stage, service, tls_client(options));
  const auto info = tls_info(pair.server->transport.raw());
  REQUIRE(info->peer_certificate != nullptr);
  CHECK(info->peer_certificate->subject == "CN=alice");
  CHECK(info->alpn == "two");
  CHECK(tls_info(pair.client->transport.raw())->alpn == "two");
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-10", "protocols without a common one end the handshake") {
  TlsServerOptions served = certificates::server_options();
  served.alpn = {"h2"};
  TlsClientOptions options = certificates::client_options();
  options.alpn = {"imap"};
  const TlsService service(stage, tls_server(served));
  Connecting connecting(stage, stage.client(), secure_options(stage, service, tls_client(options)));
  connecting.run();
  INFO(connecting.outcome->message());
  CHECK(connecting.outcome->message().find("no application protocol") != std::string::npos);
  stage.settle();
}

CONTRACT_TEST("TCP-09", "a TLS transport cannot end its sending direction alone") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  CHECK_FALSE(pair.client->transport.can_write_eof());
  CHECK_FALSE(pair.server->transport.can_write_eof());
}

CONTRACT_TEST("TLS-11", "one direction cannot be ended alone, and asking for it changes nothing") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  CHECK_FALSE(pair.client->transport.can_write_eof());
  CHECK_THROWS_AS(pair.client->transport.write_eof(), std::logic_error);
  CHECK_FALSE(pair.client->transport.is_closing());
  pair.client->transport.write("still there");
  stage.run_until_received(*pair.server, 11);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->events() == "CM DR:still there ER CL");
}

CONTRACT_TEST("TLS-13", "large transfers in both directions at once arrive complete and in order") {
  const auto small_buffers = [](Recorder& recorder) {
    recorder.send_buffer = 16 * 1024;
    recorder.receive_buffer = 32 * 1024;
  };
  const TlsService service(stage, server_context(), small_buffers);
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.write(pattern(plenty));
  for (std::size_t sent = 0; sent < plenty; sent += 1000) pair.server->transport.write(pattern(1000, sent));
  stage.run_until_received(*pair.server, plenty);
  stage.run_until_received(*pair.client, plenty);
  CHECK(pair.server->received() == pattern(plenty));
  CHECK(pair.client->received() == pattern(plenty));
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-14", "the limits are 128 and 512 KiB unless set, and return to that") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  const WriteBufferLimits usual{128 * 1024, 512 * 1024};
  CHECK(client.get_write_buffer_limits() == usual);
  client.set_write_buffer_limits(1000);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{250, 1000});
  client.set_write_buffer_limits();
  CHECK(client.get_write_buffer_limits() == usual);
  client.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-14", "what waits below counts: the size is zero only when all was handed over") {
  const TlsService service(stage, server_context(), [](Recorder& recorder) { recorder.start_paused = true; });
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  std::size_t written = 0;
  while (client.get_write_buffer_size() == 0) {
    client.write(pattern(16 * 1024, written));
    written += 16 * 1024;
  }
  const std::size_t before = client.get_write_buffer_size();
  client.write(pattern(1000, written));
  CHECK(client.get_write_buffer_size() == before + 1000);
  client.write(pattern(512 * 1024, written + 1000));
  written += 1000 + 512 * 1024;
  CHECK(pair.client->events() == "CM PW");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(client.get_write_buffer_size() == 0);
  CHECK(pair.client->events() == "CM PW RW");
  CHECK(pair.server->received() == pattern(written));
  client.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-15", "high 0 on an idle transport does not pause; then PW and RW alternate, RW last") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  stage.settle();
  client.set_write_buffer_limits(0);
  CHECK(pair.client->events() == "CM");
  std::size_t written = 0;
  for (int episode = 0; episode < 3; ++episode) {
    const std::size_t before = pair.client->count("PW");
    while (pair.client->count("PW") == before) {
      client.write(pattern(100'000, written));
      written += 100'000;
    }
    stage.run_until_received(*pair.server, written);
    stage.settle();
    CHECK(pair.client->steps().back() == "RW");
  }
  CHECK(pair.client->count("PW") == pair.client->count("RW"));
  CHECK(pair.server->received() == pattern(written));
  client.close();
  stage.run_until_lost(pair);
}

}  // namespace
}  // namespace twinwire::contract
