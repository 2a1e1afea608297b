#include "simulated_identity.hpp"

#include <twinwire/net/tls/context.hpp>

namespace examples {
namespace {

/// For the DNS name "server", from 2000 to 2200, signed by itself.
constexpr const char* certificate = R"(-----BEGIN CERTIFICATE-----
MIIBBTCBuKADAgECAgEBMAUGAytlcDARMQ8wDQYDVQQDDAZzZXJ2ZXIwIBcNMDAw
MTAxMDAwMDAwWhgPMjIwMDAxMDEwMDAwMDBaMBExDzANBgNVBAMMBnNlcnZlcjAq
MAUGAytlcAMhALN6jrDd8v5cx70eMOhiFjan9ZUFYzrHb+LPJTTjkslpozMwMTAM
BgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDARBgNVHREECjAIggZzZXJ2ZXIw
BQYDK2VwA0EAFPkiXj4KgKdc8wLrzjDWtAUqnoA+Bi2A5y+aVVFfjJx54zau4esk
+ncbPdK9AkMatOuJW2Nn+MJqIGZo9UNfDQ==
-----END CERTIFICATE-----
)";

constexpr const char* key = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIDPqzTNDOzG1JSNRAyybPnoueqdzjV3s3w3WxiaAhTwG
-----END PRIVATE KEY-----
)";

}  // namespace

std::shared_ptr<const twinwire::TlsContext> simulated_server() {
  static const auto context = [] {
    twinwire::TlsServerOptions options;
    options.certificate_chain = certificate;
    options.private_key = key;
    return twinwire::tls_server(options);
  }();
  return context;
}

std::shared_ptr<const twinwire::TlsContext> simulated_client() {
  static const auto context = [] {
    twinwire::TlsClientOptions options;
    options.trusted = certificate;
    return twinwire::tls_client(options);
  }();
  return context;
}

}  // namespace examples
