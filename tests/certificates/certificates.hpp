// Certificates for tests, made while they run: none that is checked in, and expires. The same request gives
// the same bytes in every process, as keys follow from names and Ed25519 signs without randomness.
#pragma once

#include <twinwire/net/tls/context.hpp>
#include <twinwire/net/tls/openssl_types.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace twinwire::certificates {

enum class Key { ed25519, ecdsa, rsa };

/// What a certificate is to say.
struct Request {
  Request() = default;
  explicit Request(std::string for_name) : name(std::move(for_name)), names{name} {}

  std::string name = "server.test";                  ///< the subject's common name; the key follows from it
  std::vector<std::string> names = {"server.test"};  ///< DNS names and IP addresses
  int first_year = 2000;                             ///< valid from its first day
  int last_year = 2200;                              ///< to its first day
  int serial = 1;
  Key key = Key::ecdsa;
  bool authority = false;
};

/// A certificate (then those of its issuers) and its key, PEM.
struct Identity {
  std::string chain;
  std::string key;
};

/// Signs certificates; its own is the root.
class Authority {
 public:
  explicit Authority(std::string name = "Test Root");

  const std::string& root() const noexcept { return root_; }
  Identity issue(const Request& request) const;
  /// That these serial numbers are revoked.
  std::string revocation_list(const std::vector<int>& serials) const;

 private:
  std::string name_;
  std::string root_;
};

/// One that nobody has signed but its owner.
Identity self_signed(const Request& request);

/// The usual two descriptions: a server for "server.test" and a client who trusts it.
TlsServerOptions server_options(const Authority& authority = Authority());
TlsClientOptions client_options(const Authority& authority = Authority());

}  // namespace twinwire::certificates
