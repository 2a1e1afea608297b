// What the PEM of a description says, parsed.
#pragma once

#include <twinwire/net/tls/context.hpp>
#include <twinwire/net/tls/openssl_types.hpp>

#include <string>
#include <vector>

struct ossl_lib_ctx_st;

namespace twinwire::detail {

/// Certificates, key and lists. Those of one library context are used in no other.
struct TlsMaterial {
  /// Null is OpenSSL's default library context. Throws std::invalid_argument, which says what cannot be read.
  TlsMaterial(const TlsOptions& options, ossl_lib_ctx_st* library);

  std::vector<OpensslPtr<x509_st>> chain;
  OpensslPtr<evp_pkey_st> key;  ///< null without a chain
  std::vector<OpensslPtr<x509_st>> trusted;
  std::vector<OpensslPtr<X509_crl_st>> revocation_lists;
};

}  // namespace twinwire::detail
