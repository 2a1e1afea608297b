#include <twinwire/net/address.hpp>
#include <twinwire/net/tls/certificate_info.hpp>
#include <twinwire/net/tls/openssl_error.hpp>
#include <twinwire/net/tls/tls_realised.hpp>
#include <twinwire/net/tls/tls_session.hpp>
#include <twinwire/net/tls/virtual_sessions.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace twinwire::detail {
namespace {

// --- a BIO that reads from `input` and writes to the output of its session ---

TlsSession& session_of(BIO* bio) {
  return *static_cast<TlsSession*>(BIO_get_data(bio));
}

int read_input(BIO* bio, char* buffer, std::size_t size, std::size_t* count) {
  Bytes& input = session_of(bio).input;
  BIO_clear_retry_flags(bio);
  *count = std::min(size, input.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(buffer, input.data(), *count);
  input = input.subspan(*count);
  return 1;
}

int write_output(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  session_of(bio).output().send({reinterpret_cast<const std::byte*>(data), size});
  *count = size;
  return 1;
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "twinwire");
  if (!method) throw std::bad_alloc();
  BIO_meth_set_read_ex(method, read_input);
  BIO_meth_set_write_ex(method, write_output);
  BIO_meth_set_ctrl(method, control);
  return method;
}

BIO* make_bio(TlsSession& session) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = BIO_new(method);
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, &session);
  BIO_set_init(bio, 1);
  return bio;
}

/// Of ours among what others attach to an SSL.
int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool is_address(const std::string& name) {
  try {
    static_cast<void>(Address::of(name, 0));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

TlsSession* TlsSession::of(const ssl_st* ssl) noexcept {
  return static_cast<TlsSession*>(SSL_get_ex_data(ssl, session_index()));
}

TlsSession::TlsSession(std::shared_ptr<TlsRealised> context, const TlsEnd& end, std::string peer,
                       const std::string& entity, Ciphertext& output)
    : context_(std::move(context)), output_(output), peer_(std::move(peer)) {
  if (context_->library()) random_ = context_->library()->stream(entity);
  const SeededLibrary::Use use(context_->library(), random_);
  ssl_.reset(SSL_new(context_->native()));
  if (!ssl_) throw std::bad_alloc();
  BIO* const bio = make_bio(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_ex_data(ssl_.get(), session_index(), this);
  if (end.server_side) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
    if (!end.server_hostname.empty()) expect(end.server_hostname);
    take_up_session();
  }
}

/// Whom a client expects, and says so.
void TlsSession::expect(const std::string& name) {
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl_.get());
  bool taken = true;
  if (is_address(name)) {
    // Not for SNI: RFC 6066, section 3.
    if (context_->role().verify) taken = X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  } else {
    taken = name.find('\0') == std::string::npos && SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) == 1;
    if (taken && context_->role().verify) taken = SSL_set1_host(ssl_.get(), name.c_str()) == 1;
  }
  ERR_clear_error();
  if (!taken) throw std::invalid_argument("TLS: this cannot be the name of a server: \"" + name + "\"");
}

void TlsSession::take_up_session() {
  if (!context_->sessions()) return;
  const auto session = context_->sessions()->take(peer_);
  if (!session || (context_->library() && !renew_session(session.get(), *context_))) return;
  SSL_set_session(ssl_.get(), session.get());
}

void TlsSession::keep(OpensslPtr<ssl_session_st> session) {
  if (!context_->sessions()) return;
  if (context_->library()) date_session(session.get(), *context_);
  context_->sessions()->put(peer_, std::move(session));
}

error_code TlsSession::handshake() {
  const SeededLibrary::Use use(context_->library(), random_);
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) return {};
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) {
    return make_error(errc::operation_would_block);
  }
  return take_tls_error(ssl_.get());
}

IoResult TlsSession::read(MutableBytes buffer) {
  const SeededLibrary::Use use(context_->library(), random_);
  IoResult result;
  if (read_error_.failed()) return {0, read_error_, true};
  while (result.bytes < buffer.size()) {
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), buffer.data() + result.bytes, buffer.size() - result.bytes, &count) == 1) {
      result.bytes += count;
      result.drained = input.empty() && SSL_has_pending(ssl_.get()) == 0;
      if (result.drained) return result;
      continue;
    }
    const int reason = SSL_get_error(ssl_.get(), 0);
    if (reason == SSL_ERROR_WANT_READ) {
      result.drained = true;
      if (result.bytes == 0) result.error = make_error(errc::operation_would_block);
    } else if (reason != SSL_ERROR_ZERO_RETURN) {
      read_error_ = take_tls_error(ssl_.get());
      if (result.bytes == 0) result.error = read_error_;
    }
    return result;
  }
  return result;
}

error_code TlsSession::write(Bytes data) {
  const SeededLibrary::Use use(context_->library(), random_);
  // The output takes all, so a record is written in full or not at all; but the peer may have asked for
  // smaller ones.
  while (!data.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), data.data(), data.size(), &count) != 1) return take_tls_error(ssl_.get());
    data = data.subspan(count);
  }
  return {};
}

void TlsSession::take_leave() {
  const SeededLibrary::Use use(context_->library(), random_);
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::shared_ptr<const TlsInfo> TlsSession::info() const {
  if (info_ || SSL_is_init_finished(ssl_.get()) == 0) return info_;
  auto told = std::make_shared<TlsInfo>();
  const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
  told->version = SSL_get_version(ssl_.get());
  told->cipher = SSL_CIPHER_get_name(cipher);
  told->cipher_bits = SSL_CIPHER_get_bits(cipher, nullptr);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  told->alpn.assign(reinterpret_cast<const char*>(protocol), size);
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) told->server_name = name;
  told->resumed = SSL_session_reused(ssl_.get()) == 1;
  if (X509* const certificate = SSL_get0_peer_certificate(ssl_.get())) {
    told->peer_certificate = std::make_shared<TlsCertificate>(describe_certificate(*certificate));
  }
  info_ = std::move(told);
  return info_;
}

}  // namespace twinwire::detail
