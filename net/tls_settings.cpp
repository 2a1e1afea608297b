#include <twinwire/net/tls_settings.hpp>

#include <stdexcept>
#include <utility>

namespace twinwire::detail {
namespace {

/// As asyncio's.
constexpr Duration default_handshake_timeout = std::chrono::seconds(60);
constexpr Duration default_shutdown_timeout = std::chrono::seconds(30);

void check_timeout(const std::string& what, const std::optional<Duration>& timeout, bool has_tls) {
  if (!timeout) return;
  if (!has_tls) throw std::invalid_argument(what + " is only meaningful with tls");
  if (*timeout <= Duration::zero()) throw std::invalid_argument(what + " must be above 0");
}

}  // namespace

void check_tls(const std::string& operation, const TlsSettings& settings, bool server_side) {
  check_timeout(operation + ": tls_handshake_timeout", settings.tls_handshake_timeout,
                settings.tls != nullptr);
  check_timeout(operation + ": tls_shutdown_timeout", settings.tls_shutdown_timeout, settings.tls != nullptr);
  if (settings.tls && settings.tls->server_side() != server_side) {
    throw std::invalid_argument(operation + (server_side ? ": the TLS context is one for clients"
                                                         : ": the TLS context is one for servers"));
  }
}

void check_tls_client(const std::string& operation, const TlsClientSettings& settings, bool has_host) {
  check_tls(operation, settings, /*server_side=*/false);
  if (!settings.tls && settings.server_hostname) {
    throw std::invalid_argument(operation + ": server_hostname is only meaningful with tls");
  }
  if (settings.tls && !settings.server_hostname && !has_host) {
    throw std::invalid_argument(operation + ": with tls and without a host, server_hostname must be given");
  }
}

TlsEnd tls_end(const TlsSettings& settings, bool server_side, std::string server_hostname) {
  return {server_side, std::move(server_hostname),
          settings.tls_handshake_timeout.value_or(default_handshake_timeout),
          settings.tls_shutdown_timeout.value_or(default_shutdown_timeout)};
}

}  // namespace twinwire::detail
