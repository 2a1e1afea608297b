// Sessions that age by a loop's calendar. OpenSSL dates them by the machine's clock, and what it writes into
// a ticket is encrypted: the same seed would give other bytes in every run.
#pragma once

struct ssl_ctx_st;
struct ssl_session_st;

namespace twinwire::detail {

class TlsRealised;

/// A server's tickets are dated, and found to be too old, by the calendar of `realised`, which outlives the
/// context. Sessions without tickets are not kept.
void date_tickets(ssl_ctx_st* context, TlsRealised& realised);

/// A client's new session.
void date_session(ssl_session_st* session, const TlsRealised& realised);

/// Before either end takes it up: false if it is too old. The age that a client tells its server is 0.
bool renew_session(ssl_session_st* session, const TlsRealised& realised);

}  // namespace twinwire::detail
