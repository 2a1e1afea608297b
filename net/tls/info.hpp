// What a TLS connection tells of itself: Transport::get_extra_info.
//
//     name           holds                                       absent
//     "ssl_object"   std::shared_ptr<const TlsInfo>
//     "sslcontext"   std::shared_ptr<const TlsContext>
//     "peercert"     std::shared_ptr<const TlsCertificate>       if the peer showed none
//     "cipher"       std::string: the name of the cipher suite
//     "version"      std::string: "TLSv1.3"
//     "alpn"         std::string                                 if none was agreed on
//     "compression"                                              always: TLS compression is off
//
// and "peername", "sockname" and "socket" of the connection below.
#pragma once

#include <twinwire/net/time.hpp>
#include <twinwire/net/transport.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace twinwire {

/// A certificate that a peer showed.
class TlsCertificate {
 public:
  std::string subject;  ///< RFC 2253: "CN=example.org,O=Example"
  std::string issuer;
  std::string serial;              ///< hexadecimal
  std::vector<std::string> names;  ///< DNS names and IP addresses that it is for
  WallTime not_before{};
  WallTime not_after{};
  std::string fingerprint;  ///< SHA-256 of its DER, hexadecimal
  std::string pem;
};

/// What was agreed on. Fixed once the handshake has ended.
class TlsInfo {
 public:
  std::string version;      ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_256_GCM_SHA384"
  int cipher_bits = 0;      ///< of secret
  std::string alpn;         ///< empty if no protocol was agreed on
  std::string server_name;  ///< as the client sent it (SNI); empty if it did not
  bool resumed = false;     ///< an earlier session was taken up
  std::shared_ptr<const TlsCertificate> peer_certificate;  ///< null if the peer showed none
};

/// Of a TLS transport; null for any other.
inline std::shared_ptr<const TlsInfo> tls_info(const BaseTransport& transport) {
  const ExtraInfo info = transport.get_extra_info("ssl_object");
  const auto* found = std::get_if<std::shared_ptr<const TlsInfo>>(&info);
  return found ? *found : nullptr;
}

}  // namespace twinwire
