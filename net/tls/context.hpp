// How TLS is to be spoken: the descriptions that connections and servers are given.
//
//     TlsServerOptions server;
//     server.certificate_chain = read_pem("/etc/ssl/server.pem");
//     server.private_key = read_pem("/etc/ssl/private/server.key");
//     options.tls = tls_server(server);
//
// The defaults are the safe ones: TLS 1.2 or 1.3, and a client that verifies chain and name. Certificates,
// keys and lists are PEM, one after the other. A loop makes of a description what it needs, so one serves any
// number of loops on either backend. Under simulation all randomness of TLS comes from the seed, certificates
// are judged, and sessions age, by the host's wall_time().
#pragma once

#include <twinwire/net/tls_settings.hpp>

#include <memory>
#include <string>
#include <vector>

namespace twinwire {

enum class TlsVersion { tls1_2, tls1_3 };

/// What both sides choose.
struct TlsOptions {
  /// The own certificate, then those that lead to a root. A server must have one.
  std::string certificate_chain;
  /// Of that certificate.
  std::string private_key;
  /// What the key is encrypted with, if it is.
  std::string private_key_password;
  /// Whose certificates to believe. Empty: of a client the system's list (under simulation none), of a server
  /// none.
  std::string trusted;
  /// With any, the peer's certificate must be covered by one of these lists, and not be on it.
  std::string revocation_lists;
  /// Protocols to agree on (RFC 7301), the dearest first: {"h2", "http/1.1"}.
  std::vector<std::string> alpn;
  TlsVersion min_version = TlsVersion::tls1_2;
  TlsVersion max_version = TlsVersion::tls1_3;
  /// Cipher suites of TLS 1.2 in OpenSSL's notation; empty for its defaults.
  std::string ciphers;
  /// Those of TLS 1.3.
  std::string ciphersuites;
  /// Take up earlier sessions of the same context where the peer agrees: a shorter handshake.
  bool resumption = true;
};

struct TlsClientOptions : TlsOptions {
  /// False: any certificate of anybody will do. For tests, and for those who verify by themselves.
  bool verify = true;
};

/// What a server asks of its clients.
enum class ClientCertificate { none, optional, required };

struct TlsServerOptions : TlsOptions {
  /// One that is shown is verified against `trusted`, except with `none`.
  ClientCertificate client_certificate = ClientCertificate::none;
};

/// Throw std::invalid_argument for what makes no sense: PEM that cannot be read, a key that does not belong
/// to the certificate, a server without either, unknown ciphers.
std::shared_ptr<const TlsContext> tls_client(const TlsClientOptions& options = {});
std::shared_ptr<const TlsContext> tls_server(const TlsServerOptions& options);

/// The text of a file. Throws OperationError, which names it, if it cannot be read.
std::string read_pem(const std::string& path);

}  // namespace twinwire
