#include <twinwire/net/tls/openssl_types.hpp>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace twinwire::detail {

void OpensslFree::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}
void OpensslFree::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}
void OpensslFree::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}
void OpensslFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}
void OpensslFree::operator()(x509_st* certificate) const noexcept {
  X509_free(certificate);
}
void OpensslFree::operator()(X509_crl_st* list) const noexcept {
  X509_CRL_free(list);
}

}  // namespace twinwire::detail
