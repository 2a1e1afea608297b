// TLS: runs that repeat, what cannot be read, what is left when it ends early.
#include "loops.hpp"
#include "program.hpp"
#include "secure_run.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/certificate_info.hpp>
#include <twinwire/net/tls/error.hpp>
#include <twinwire/net/tls/native.hpp>

#include <fstream>
#include <set>

#include <catch2/catch.hpp>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace twinwire::unit {
namespace {

using Catch::Matchers::Contains;
using certificates::Authority;
using certificates::Key;

// --- runs that repeat ---

TEST_CASE("the same seed gives the same ciphertext, other seeds other ones") {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const auto key = GENERATE(Key::ecdsa, Key::ed25519, Key::rsa);
  const SecureSetting setting = secure_setting(version, key);
  std::set<std::uint64_t> different;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) different.insert(fingerprint_of(seed, setting));
  CHECK(different.size() == 5);
  for (int again = 0; again < 5; ++again) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) different.insert(fingerprint_of(seed, setting));
  }
  CHECK(different.size() == 5);
}

TEST_CASE("a hundred runs with one RSA key do not diverge") {
  const SecureSetting setting = secure_setting(TlsVersion::tls1_3, Key::rsa);
  std::set<std::uint64_t> different;
  for (int run = 0; run < 100; ++run) different.insert(fingerprint_of(7, setting));
  CHECK(different.size() == 1);
}

TEST_CASE("every process gives the same ciphertext, wherever its memory lies") {
  const Program shell;
  const Ended first = shell.shell(SECURE_PROGRAM);
  CHECK(first.code == 0);
  CHECK(std::ranges::count(first.output, '\n') == 18);
  for (int again = 0; again < 2; ++again) CHECK(shell.shell(SECURE_PROGRAM).output == first.output);
  // Not spread over the address space at all. A container may forbid that: then it has been tried.
  const Ended fixed = shell.shell("setarch -R true && setarch -R " + std::string(SECURE_PROGRAM));
  if (fixed.code == 0) CHECK(fixed.output == first.output);
}

TEST_CASE("other connections do not change the bytes of one") {
  const SecureSetting setting = secure_setting();
  const auto first_bytes = [&](bool with_another) {
    sim::World world(3);
    sim::Host& server = world.add_host("server");
    sim::Host& client = world.add_host("client");
    sim::Host& other = world.add_host("other");
    const Service plain = serve(server, 80);
    ServerOptions served("", 443);
    served.tls = setting.server;
    const Service service = serve(server, served);
    ConnectOptions options("server", 443);
    options.tls = setting.client;
    options.server_hostname = "server.test";
    if (with_another) {
      const auto one = connect(other, options);
      one->protocol->transport.close();
      world.run_for(std::chrono::seconds(5));
    }
    options.port = 80;  // where all that comes is kept as it is
    options.tls_handshake_timeout = std::chrono::seconds(1);
    start_connecting(client, options);
    world.run_until([&] { return plain.count() == 1 && !plain[0].received.empty(); });
    return plain[0].received;
  };
  CHECK(first_bytes(false) == first_bytes(true));
}

TEST_CASE("OpenSSL's own randomness stays random, and the same library serves one world after the other") {
  const SecureSetting setting = secure_setting();
  std::set<std::string> bytes;
  for (int run = 0; run < 3; ++run) {
    fingerprint_of(1, setting);
    std::string some(16, '\0');
    REQUIRE(RAND_bytes(reinterpret_cast<unsigned char*>(some.data()), 16) == 1);
    bytes.insert(some);
  }
  CHECK(bytes.size() == 3);
}

TEST_CASE("certificates are judged by the calendar of the host") {
  certificates::Request request;
  request.first_year = 2030;
  request.last_year = 2031;
  const certificates::Identity identity = Authority().issue(request);
  TlsServerOptions server;
  server.certificate_chain = identity.chain;
  server.private_key = identity.key;
  const SecureSetting setting{tls_server(server), tls_client(certificates::client_options())};
  const auto connect_in = [&](int year) {
    sim::WorldOptions options;
    options.start = WallTime(std::chrono::sys_days(std::chrono::year(year) / 7 / 1));
    sim::World world(1, options);
    converse(world, setting);
  };
  CHECK_NOTHROW(connect_in(2030));
  CHECK_THROWS_WITH(connect_in(2029), Contains("not yet valid"));
  CHECK_THROWS_WITH(connect_in(2031), Contains("expired"));
}

TEST_CASE("the native context of a loop is the one that its connections use") {
  const SecureSetting setting = secure_setting();
  sim::World world(1);
  Loop& one = world.add_host("one").loop();
  Loop& two = world.add_host("two").loop();
  const auto context = native_tls_context(one, *setting.client);
  CHECK(context == native_tls_context(one, *setting.client));
  CHECK(context != native_tls_context(two, *setting.client));
  const RealLoop first;
  const RealLoop second;
  CHECK(native_tls_context(first.loop, *setting.client) == native_tls_context(second.loop, *setting.client));
  CHECK(SSL_CTX_get_min_proto_version(context.get()) == TLS1_2_VERSION);
}

TEST_CASE("random bytes that others ask of a native context repeat, too") {
  const SecureSetting setting = secure_setting();
  const auto session_id = [&](std::uint64_t seed) {
    sim::World world(seed);
    const auto context = native_tls_context(world.add_host("host").loop(), *setting.client);
    SSL* const ssl = SSL_new(context.get());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    SSL_do_handshake(ssl);
    char* data = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl), &data);
    std::string hello(data, static_cast<std::size_t>(size));
    SSL_free(ssl);
    return hello;
  };
  CHECK(session_id(1) == session_id(1));
  CHECK(session_id(1) != session_id(2));
}

// --- what cannot be read ---

TEST_CASE("bad certificates and keys are refused with a reason") {
  const certificates::Identity good = Authority().issue(certificates::Request());
  TlsServerOptions options = certificates::server_options();
  const auto refusal = [&] {
    try {
      tls_server(options);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal().empty());
  SECTION("no certificate") {
    options.certificate_chain.clear();
    options.private_key.clear();
    CHECK_THAT(refusal(), Contains("a server needs a certificate"));
  }
  SECTION("no key") {
    options.private_key.clear();
    CHECK_THAT(refusal(), Contains("given together"));
  }
  SECTION("text that is no PEM") {
    options.certificate_chain = "hello";
    CHECK_THAT(refusal(), Contains("the certificate chain cannot be read"));
  }
  SECTION("a certificate that is cut short") {
    options.certificate_chain.resize(options.certificate_chain.size() / 2);
    CHECK_THAT(refusal(), Contains("the certificate chain cannot be read"));
  }
  SECTION("a good certificate, and a damaged one behind it") {
    options.certificate_chain += "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    CHECK_THAT(refusal(), Contains("the certificate chain cannot be read"));
  }
  SECTION("a damaged key") {
    options.private_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    CHECK_THAT(refusal(), Contains("the private key cannot be read"));
  }
  SECTION("the key of another") {
    options.private_key = Authority().issue(certificates::Request("other")).key;
    CHECK_THAT(refusal(), Contains("does not belong to the certificate"));
  }
  SECTION("a trusted certificate that is none") {
    options.trusted = good.key;
    CHECK_THAT(refusal(), Contains("the list of trusted certificates cannot be read"));
  }
  SECTION("revocation lists that are none") {
    options.revocation_lists = good.chain;
    CHECK_THAT(refusal(), Contains("the revocation lists cannot be read"));
  }
  SECTION("clients to be verified, but by nobody") {
    options.client_certificate = ClientCertificate::required;
    CHECK_THAT(refusal(), Contains("whom to trust"));
  }
  SECTION("unknown ciphers") {
    options.ciphers = "ROT13";
    CHECK_THAT(refusal(), Contains("\"ROT13\""));
  }
  SECTION("unknown cipher suites") {
    options.ciphersuites = "TLS_ROT13";
    CHECK_THAT(refusal(), Contains("\"TLS_ROT13\""));
  }
  SECTION("no version at all") {
    options.min_version = TlsVersion::tls1_3;
    options.max_version = TlsVersion::tls1_2;
    CHECK_THAT(refusal(), Contains("min_version"));
  }
  SECTION("a protocol without a name") {
    options.alpn = {"h2", ""};
    CHECK_THAT(refusal(), Contains("ALPN"));
  }
}

TEST_CASE("a PEM file is read as it is; one that cannot be read is named") {
  const Program folder;
  folder.write("some.pem", "text\n");
  CHECK(read_pem((folder.directory() / "some.pem").string()) == "text\n");
  CHECK_THROWS_WITH(read_pem((folder.directory() / "none.pem").string()), Contains("none.pem: No such file"));
  CHECK_THROWS_WITH(read_pem(folder.directory().string()), Contains("read "));
}

TEST_CASE("a host name that cannot be one is rejected, and the connection closed") {
  const SecureSetting setting = secure_setting();
  sim::World world(1);
  const Service service = serve(world.add_host("server"), 443);
  ConnectOptions options("server", 443);
  options.tls = setting.client;
  options.server_hostname = std::string("server\0.test", 12);
  const auto client = connect(world.add_host("client"), options);
  CHECK_THAT(client->message(), Contains("cannot be the name of a server"));
  world.run();
  REQUIRE(service.count() == 1);
  CHECK(service[0].lost);
}

TEST_CASE("the machine's list of issuers is no matter of a simulated host") {
  const SecureSetting setting{secure_setting().server, tls_client()};
  sim::World world(1);
  CHECK_THROWS_WITH(converse(world, setting), Contains("unable to get local issuer certificate"));
}

TEST_CASE("a handshake that fails at a server is told to an observer, and reported to nobody") {
  struct Failures final : Observer {
    void observe(const Observation& observation) override {
      if (observation.what == "handshake_failed") errors.push_back(observation.error);
    }
    std::vector<error_code> errors;
  } failures;
  sim::World world(1);
  ServerOptions served("", 443);
  served.tls = secure_setting().server;
  const Service service = serve(world.add_host("server"), served);
  world.host("server").loop().set_observer(&failures);
  const auto client = connect(world.add_host("client"), ConnectOptions("server", 443));
  client->protocol->transport.write("GET / HTTP/1.0\r\n\r\n");
  world.run();
  REQUIRE(failures.errors.size() == 1);
  CHECK_THAT(failures.errors[0].message(), Contains("http request"));  // some builds add what said so
  CHECK(client->protocol->lost);
  CHECK(service.count() == 0);
  world.host("server").loop().set_observer(nullptr);
}

TEMPLATE_TEST_CASE("an upgrade that is refused because of the name keeps nobody alive", "", SimLoop,
                   RealLoop) {
  const SecureSetting setting = secure_setting();
  std::weak_ptr<Recorder> protocol;
  {
    TestType stage;
    const auto client = std::make_shared<Recorder>();
    protocol = client;
    const Server listening = run_until_complete(
        stage.loop,
        create_server(
            stage.loop, [] { return std::make_shared<Recorder>(); }, ServerOptions("127.0.0.1", 0)));
    const Connection made = run_until_complete(
        stage.loop,
        create_connection(
            stage.loop, [client] { return client; }, ConnectOptions("127.0.0.1", listening.port())));
    const StartTlsOptions options(setting.client, std::string(300, 'a'));
    CHECK_THROWS_AS(stage.loop.start_tls(made.transport, client, options, [](auto, auto) {}),
                    std::invalid_argument);
  }
  CHECK(protocol.expired());
}

TEMPLATE_TEST_CASE("a peer that asks for small records gets every byte", "", SimLoop, RealLoop) {
  const auto version = GENERATE(TlsVersion::tls1_2, TlsVersion::tls1_3);
  const SecureSetting setting = secure_setting(version);
  TestType stage;
  SSL_CTX_set_tlsext_max_fragment_length(native_tls_context(stage.loop, *setting.client).get(),
                                         TLSEXT_max_fragment_length_512);
  constexpr std::size_t size = 100'000;
  const auto received = run_until_complete(stage.loop, [&]() -> awaitable<std::string> {
    ServerOptions served("127.0.0.1", 0);
    served.tls = setting.server;
    const auto pour = [](StreamReader, StreamWriter writer) -> awaitable<void> {
      writer.write(std::string(size, 'x'));
      co_await writer.drain();
    };
    const Server listening = co_await start_server(stage.loop, pour, served);
    ConnectOptions options("127.0.0.1", listening.port());
    options.tls = setting.client;
    options.server_hostname = "server.test";
    Stream stream = co_await open_connection(stage.loop, options);
    co_return co_await stream.reader.read_all();
  });
  CHECK(received == std::string(size, 'x'));
}

TEST_CASE("times of certificates that the calendar does not have are its first and its last") {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), "16000101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "99991231235959Z");
  const TlsCertificate told = detail::describe_certificate(*certificate);
  CHECK(told.not_before == WallTime::min());
  CHECK(told.not_after == WallTime::max());
}

TEMPLATE_TEST_CASE("destroying a loop in the middle of handshakes leaks nothing", "", SimLoop, RealLoop) {
  const SecureSetting setting = secure_setting();
  TestType stage;
  ServerOptions served("127.0.0.1", 0);
  served.tls = setting.server;
  const auto server = std::make_shared<Recorder>();
  const auto client = std::make_shared<Recorder>();
  const Server listening =
      run_until_complete(stage.loop, create_server(stage.loop, [server] { return server; }, served));
  ConnectOptions options("127.0.0.1", listening.port());
  options.tls = setting.client;
  options.server_hostname = "server.test";
  stage.loop.create_connection([client] { return client; }, options, [](auto, auto) {});
  const int turns = GENERATE(0, 2, 4, 8, 16);
  for (int turn = 0; turn < turns; ++turn) {
    stage.loop.stop();
    stage.loop.run_forever();
  }
  CHECK_FALSE(client->lost);
}

}  // namespace
}  // namespace twinwire::unit
