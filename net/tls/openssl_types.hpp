// Owners of OpenSSL's objects. The types stay incomplete: no header shows OpenSSL.
#pragma once

#include <memory>

struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;
struct X509_crl_st;

namespace twinwire::detail {

struct OpensslFree {
  void operator()(evp_pkey_st* key) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
  void operator()(ssl_session_st* session) const noexcept;
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(x509_st* certificate) const noexcept;
  void operator()(X509_crl_st* list) const noexcept;
};

template <class T>
using OpensslPtr = std::unique_ptr<T, OpensslFree>;

}  // namespace twinwire::detail
