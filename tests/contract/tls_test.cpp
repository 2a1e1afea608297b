// TLS: connections that are made secure from the first byte on.
#include "harness.hpp"
#include "tls_service.hpp"

#include <twinwire/net/tls/info.hpp>

#include <certificates.hpp>

namespace twinwire::contract {
namespace {

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

}  // namespace
}  // namespace twinwire::contract
