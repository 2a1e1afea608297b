// What the two ends of a connection need to make it secure.
#pragma once

#include <twinwire/net/time.hpp>
#include <twinwire/net/tls/context.hpp>

#include <chrono>
#include <memory>

namespace twinwire::differential {

/// Of a server, and of a client who trusts it.
struct TlsContexts {
  std::shared_ptr<const TlsContext> server;
  std::shared_ptr<const TlsContext> client;
};

/// The name in the server's certificate.
inline constexpr const char* tls_name = "server.test";

/// Longer than anybody waits here, as what one ground waits for for ever cannot time out on the other.
inline constexpr Duration tls_timeout = std::chrono::hours(24);

/// Always the same ones.
TlsContexts tls_contexts();

}  // namespace twinwire::differential
