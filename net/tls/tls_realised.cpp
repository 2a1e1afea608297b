#include <twinwire/net/tls/openssl_error.hpp>
#include <twinwire/net/tls/tls_material.hpp>
#include <twinwire/net/tls/tls_realised.hpp>
#include <twinwire/net/tls/tls_session.hpp>
#include <twinwire/net/tls/virtual_sessions.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace twinwire::detail {
namespace {

/// 112 bits: RSA and DH of 2048 bits, elliptic curves of 224. As Debian's default; OpenSSL's own is 1.
constexpr int security_level = 2;
constexpr std::size_t sessions_max = 256;
/// Told apart from other servers' sessions; any text will do.
constexpr std::string_view session_scope = "twinwire";

int number_of(TlsVersion version) {
  return version == TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

/// OpenSSL's own verification, at the time of the loop's calendar.
int verify_by_calendar(X509_STORE_CTX* store, void* realised) {
  X509_STORE_CTX_set_time(store, 0, static_cast<TlsRealised*>(realised)->calendar_seconds());
  return X509_verify_cert(store);
}

/// The server's dearest of the protocols that the client offers. None: the handshake ends with an alert.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* realised) {
  const std::string& own = static_cast<TlsRealised*>(realised)->alpn();
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(own.data()),
                                            static_cast<unsigned>(own.size()), offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// A client has a session that can be taken up later. 1: it is ours from here on.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  OpensslPtr<ssl_session_st> owned(session);
  if (TlsSession* const own = TlsSession::of(ssl)) own->keep(std::move(owned));
  return 1;
}

}  // namespace

// --- sessions ---

void TlsSessions::put(const std::string& peer, OpensslPtr<ssl_session_st> session) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(latest_first_, [&](const auto& kept) { return kept.first == peer; });
  latest_first_.emplace_front(peer, std::move(session));
  if (latest_first_.size() > sessions_max) latest_first_.pop_back();
}

OpensslPtr<ssl_session_st> TlsSessions::take(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(latest_first_, peer, [](const auto& kept) { return kept.first; });
  if (found == latest_first_.end()) return nullptr;
  OpensslPtr<ssl_session_st> session = std::move(found->second);
  latest_first_.erase(found);
  return session;
}

// --- the context ---

std::int64_t TlsRealised::calendar_seconds() const noexcept {
  return std::chrono::floor<std::chrono::seconds>(loop_->wall_time()).time_since_epoch().count();
}

TlsRealised::TlsRealised(const TlsOptions& options, const TlsRole& role, Loop* loop,
                         std::shared_ptr<SeededLibrary> library)
    : role_(role), loop_(loop), library_(std::move(library)) {
  native_.reset(SSL_CTX_new_ex(library_ ? library_->native() : nullptr, nullptr,
                               role.server_side ? TLS_server_method() : TLS_client_method()));
  if (!native_) reject_settings("there is no context");
  set_versions(options);
  set_identity(options);
  set_verification(options);
  set_alpn(options.alpn);
  set_sessions(options.resumption);
}

void TlsRealised::set_versions(const TlsOptions& options) {
  SSL_CTX* const context = native_.get();
  SSL_CTX_set_security_level(context, security_level);
  // Renegotiation costs a server much, and clients nothing. Compression gives plaintext away (CRIME).
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers. What is written again may lie elsewhere, and be written in part.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (options.min_version > options.max_version) {
    throw std::invalid_argument("TLS: min_version is above max_version");
  }
  SSL_CTX_set_min_proto_version(context, number_of(options.min_version));
  SSL_CTX_set_max_proto_version(context, number_of(options.max_version));
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    reject_settings("the ciphers \"" + options.ciphers + "\" are not known");
  }
  if (!options.ciphersuites.empty() && SSL_CTX_set_ciphersuites(context, options.ciphersuites.c_str()) != 1) {
    reject_settings("the cipher suites \"" + options.ciphersuites + "\" are not known");
  }
}

void TlsRealised::set_identity(const TlsOptions& options) {
  SSL_CTX* const context = native_.get();
  const TlsMaterial material(options, library_ ? library_->native() : nullptr);
  if (role_.server_side && material.chain.empty()) {
    throw std::invalid_argument("TLS: a server needs a certificate and its private key");
  }
  for (const auto& certificate : material.chain) {
    const bool own = &certificate == &material.chain.front();
    const long added = own ? SSL_CTX_use_certificate(context, certificate.get())
                           : SSL_CTX_add1_chain_cert(context, certificate.get());
    if (added != 1) reject_settings("the certificate chain cannot be used");
  }
  if (material.key && SSL_CTX_use_PrivateKey(context, material.key.get()) != 1) {
    reject_settings("the private key cannot be used");
  }
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const auto& certificate : material.trusted) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1)
      reject_settings("a trusted certificate cannot be used");
    // A server tells its clients which issuers it knows.
    if (role_.server_side) SSL_CTX_add_client_CA(context, certificate.get());
  }
  for (const auto& list : material.revocation_lists) {
    if (X509_STORE_add_crl(store, list.get()) != 1) reject_settings("a revocation list cannot be used");
  }
}

void TlsRealised::trust_system(const TlsOptions& options) {
  if (!role_.server_side && options.trusted.empty()) SSL_CTX_set_default_verify_paths(native_.get());
}

void TlsRealised::set_verification(const TlsOptions& options) {
  SSL_CTX* const context = native_.get();
  int mode = SSL_VERIFY_NONE;
  if (!role_.server_side && role_.verify) mode = SSL_VERIFY_PEER;
  if (role_.server_side && role_.client_certificate != ClientCertificate::none) mode = SSL_VERIFY_PEER;
  if (role_.server_side && role_.client_certificate == ClientCertificate::required) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(context, mode, nullptr);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!options.revocation_lists.empty()) X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK);
  if (library_) SSL_CTX_set_cert_verify_callback(context, verify_by_calendar, this);
}

void TlsRealised::set_alpn(const std::vector<std::string>& protocols) {
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      throw std::invalid_argument("TLS: the name of a protocol (ALPN) has 1 to 255 bytes");
    }
    alpn_ += static_cast<char>(protocol.size());
    alpn_ += protocol;
  }
  if (alpn_.empty()) return;
  if (role_.server_side) {
    SSL_CTX_set_alpn_select_cb(native_.get(), choose_protocol, this);
  } else if (SSL_CTX_set_alpn_protos(native_.get(), reinterpret_cast<const unsigned char*>(alpn_.data()),
                                     static_cast<unsigned>(alpn_.size())) != 0) {
    reject_settings("the protocols (ALPN) cannot be used");
  }
}

void TlsRealised::set_sessions(bool wanted) {
  SSL_CTX* const context = native_.get();
  if (!wanted) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  if (role_.server_side) {
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(session_scope.data()),
                                   static_cast<unsigned>(session_scope.size()));
    if (library_) date_tickets(context, *this);
    return;
  }
  resumes_ = true;
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
}

}  // namespace twinwire::detail
