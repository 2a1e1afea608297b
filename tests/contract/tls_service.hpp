// TLS for the tests: contexts that fit each other, servers and connections that use them.
#pragma once

#include "endpoints.hpp"
#include "stage.hpp"

#include <twinwire/net/tls/context.hpp>
#include <twinwire/net/tls_settings.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace twinwire::contract {

/// The name in the certificate of server_context().
inline constexpr const char* server_name = "server.test";

/// A server's, and that of a client who trusts it. Always the same ones.
std::shared_ptr<const TlsContext> server_context();
std::shared_ptr<const TlsContext> client_context();

/// For a handshake or a farewell that does not come to its end.
constexpr Duration short_timeout = std::chrono::milliseconds(50);

/// A server that speaks TLS, with a recorder for each connection.
class TlsService final : public Service {
 public:
  explicit TlsService(
      Stage& stage, std::shared_ptr<const TlsContext> context = server_context(),
      std::function<void(Recorder&)> prepare = [](Recorder&) {});
  TlsService(
      Stage& stage, ServerOptions options, std::function<void(Recorder&)> prepare = [](Recorder&) {})
      : Service(stage, std::move(options), std::move(prepare)) {}
};

/// Options to connect to it by TLS.
ConnectOptions secure_options(Stage& stage, const Service& service,
                              std::shared_ptr<const TlsContext> context = client_context());

/// A connection to the service, once both ends are there.
Pair connect_secure(Stage& stage, const Service& service,
                    std::shared_ptr<const TlsContext> context = client_context());

}  // namespace twinwire::contract
