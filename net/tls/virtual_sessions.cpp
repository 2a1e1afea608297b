#include <twinwire/net/tls/openssl_types.hpp>
#include <twinwire/net/tls/tls_realised.hpp>
#include <twinwire/net/tls/virtual_sessions.hpp>

#include <algorithm>

#include <openssl/ssl.h>

namespace twinwire::detail {
namespace {

/// Seconds for which a session can be taken up.
long lifetime(const SSL_SESSION* session) {
  const long own = SSL_SESSION_get_timeout(session);
  const auto hinted = static_cast<long>(SSL_SESSION_get_ticket_lifetime_hint(session));
  return hinted == 0 ? own : std::min(own, hinted);
}

/// What OpenSSL takes for the time, and will compare a session's with.
long machine_seconds() {
  const OpensslPtr<ssl_session_st> made_now(SSL_SESSION_new());
  return made_now ? SSL_SESSION_get_time(made_now.get()) : 0;
}

/// Called between dating a ticket and encrypting it. 1: go on.
int date_ticket(SSL* ssl, void* realised) {
  date_session(SSL_get_session(ssl), *static_cast<TlsRealised*>(realised));
  return 1;
}

SSL_TICKET_RETURN judge_ticket(SSL* /*ssl*/, SSL_SESSION* session, const unsigned char* /*key*/,
                               std::size_t /*key_size*/, SSL_TICKET_STATUS status, void* realised) {
  const bool readable = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!readable || !renew_session(session, *static_cast<TlsRealised*>(realised)))
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

void date_tickets(ssl_ctx_st* context, TlsRealised& realised) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_ticket_cb(context, date_ticket, judge_ticket, &realised);
}

void date_session(ssl_session_st* session, const TlsRealised& realised) {
  SSL_SESSION_set_time(session, realised.calendar_seconds());
}

bool renew_session(ssl_session_st* session, const TlsRealised& realised) {
  const long age = realised.calendar_seconds() - SSL_SESSION_get_time(session);
  if (age < 0 || age > lifetime(session)) return false;
  SSL_SESSION_set_time(session, machine_seconds());
  return true;
}

}  // namespace twinwire::detail
