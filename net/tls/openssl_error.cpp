#include <twinwire/net/tls/error.hpp>
#include <twinwire/net/tls/openssl_error.hpp>

#include <array>
#include <stdexcept>
#include <utility>

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace twinwire {
namespace {

/// The values are X509_V_ERR_... of OpenSSL.
class CertificateCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "twinwire.certificate"; }
  std::string message(int value) const override {
    return std::string("the peer's certificate was refused: ") + X509_verify_cert_error_string(value);
  }
};

const CertificateCategory& certificate_category() noexcept {
  static const CertificateCategory category;
  return category;
}

constexpr std::array<std::pair<int, TlsError>, 12> meanings{{
    {X509_V_ERR_CERT_HAS_EXPIRED, TlsError::certificate_expired},
    {X509_V_ERR_CERT_NOT_YET_VALID, TlsError::certificate_not_yet_valid},
    {X509_V_ERR_CERT_REVOKED, TlsError::certificate_revoked},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TlsError::certificate_self_signed},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TlsError::certificate_self_signed},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TlsError::certificate_issuer_unknown},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TlsError::certificate_issuer_unknown},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TlsError::certificate_issuer_unknown},
    {X509_V_ERR_CERT_UNTRUSTED, TlsError::certificate_issuer_unknown},
    {X509_V_ERR_HOSTNAME_MISMATCH, TlsError::hostname_mismatch},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, TlsError::hostname_mismatch},
    {X509_V_ERR_EMAIL_MISMATCH, TlsError::hostname_mismatch},
}};

class ConditionCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "twinwire.tls"; }

  bool equivalent(const error_code& code, int condition) const noexcept override {
    const auto wanted = static_cast<TlsError>(condition);
    if (wanted == TlsError::stream_truncated) return code == detail::truncation();
    if (code.category() != certificate_category()) return false;
    if (wanted == TlsError::certificate_refused) return true;
    for (const auto& [value, meaning] : meanings) {
      if (value == code.value()) return meaning == wanted;
    }
    return false;
  }

  std::string message(int value) const override {
    switch (static_cast<TlsError>(value)) {
      case TlsError::stream_truncated:
        return "the stream was truncated";
      case TlsError::certificate_refused:
        return "the peer's certificate was refused";
      case TlsError::certificate_expired:
        return "the peer's certificate has expired";
      case TlsError::certificate_not_yet_valid:
        return "the peer's certificate is not yet valid";
      case TlsError::certificate_revoked:
        return "the peer's certificate is revoked";
      case TlsError::certificate_self_signed:
        return "the peer's certificate is self-signed";
      case TlsError::certificate_issuer_unknown:
        return "the issuer of the peer's certificate is unknown";
      case TlsError::hostname_mismatch:
        return "the peer's certificate is for another name";
    }
    return "unknown TLS condition";
  }
};

}  // namespace

boost::system::error_condition make_error_condition(TlsError error) noexcept {
  static const ConditionCategory category;
  return {static_cast<int>(error), category};
}

namespace detail {

error_code truncation() noexcept {
  return make_error_code(boost::asio::ssl::error::stream_truncated);
}

error_code take_tls_error(const ssl_st* ssl) noexcept {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  if (error == 0) return make_error(errc::protocol_error);
  if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long refusal = SSL_get_verify_result(ssl);
    if (refusal != X509_V_OK) return {static_cast<int>(refusal), certificate_category()};
  }
  return {static_cast<int>(error), boost::asio::error::get_ssl_category()};
}

std::string take_openssl_reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

void reject_settings(const std::string& what) {
  throw std::invalid_argument("TLS: " + what + ": " + take_openssl_reason());
}

}  // namespace detail
}  // namespace twinwire
