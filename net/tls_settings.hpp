// What connections and servers are told of TLS. How it is done lies in twinwire::tls; nothing here knows it.
//
//     ConnectOptions options("example.org", 443);
//     options.tls = tls_client();   // <twinwire/net/tls/context.hpp>
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace twinwire {

namespace detail {

class StreamTransport;

/// One end of a connection that is to be secured.
struct TlsEnd {
  bool server_side = false;
  /// Whom a client expects: sent as SNI and looked for in the certificate. Empty: neither.
  std::string server_hostname;
  Duration handshake_timeout{};
  Duration shutdown_timeout{};
};

}  // namespace detail

/// How TLS is to be spoken (certificates, whom to trust, versions): a description that knows no backend. Made
/// by tls_client and tls_server (<twinwire/net/tls/context.hpp>). Immutable; may be shared between threads.
class TlsContext {
 public:
  TlsContext() = default;
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  virtual ~TlsContext() = default;

  /// Whether it is for those who accept connections, or for those who connect.
  virtual bool server_side() const noexcept = 0;
  /// For the library's own layers: a wire over `lower`, which belongs to it from now on, whatever protocol it
  /// had. Its handshake begins at once, and ends as connecting does: see Wire::finish_connect. Throws
  /// OperationError, and std::invalid_argument for a host name that cannot be one.
  virtual std::unique_ptr<Wire> secure(detail::Ref<detail::StreamTransport> lower,
                                       const detail::TlsEnd& end) const = 0;
};

/// TLS as every connection can have it.
struct TlsSettings {
  /// With one, connections speak TLS; connection_made comes after the handshake.
  std::shared_ptr<const TlsContext> tls;
  /// A handshake that takes longer fails with connection_aborted. Above 0; 60 s unless given.
  std::optional<Duration> tls_handshake_timeout;
  /// How long close() waits for the peer's farewell (close_notify) once everything is written; then the
  /// connection is aborted, and lost with timed_out. Above 0; 30 s unless given.
  std::optional<Duration> tls_shutdown_timeout;
};

/// TLS as a client has it.
struct TlsClientSettings : TlsSettings {
  /// The name that the peer's certificate must have, and that it is told (SNI). The host unless given; must
  /// be given where there is none. Empty: any certificate of a trusted chain will do.
  std::optional<std::string> server_hostname;
};

namespace detail {

/// Throw std::invalid_argument for settings that cannot be; `operation` is who says so.
void check_tls(const std::string& operation, const TlsSettings& settings, bool server_side);
/// `has_host`: there is a host whose name stands in for server_hostname.
void check_tls_client(const std::string& operation, const TlsClientSettings& settings, bool has_host);

/// What becomes of a connection that is going to be made.
struct TlsPlan {
  std::shared_ptr<const TlsContext> context;  ///< null: it stays in clear
  TlsEnd end;
};

/// The end that these settings, which were checked, describe.
TlsEnd tls_end(const TlsSettings& settings, bool server_side, std::string server_hostname = {});

}  // namespace detail
}  // namespace twinwire
