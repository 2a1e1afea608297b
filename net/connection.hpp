// How connections and servers are asked for: endpoints, options, results.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/transport.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinwire {

/// A port number or the name of a service ("http"). Empty and absent mean 0.
class Port {
 public:
  Port() = default;
  /// Throws std::invalid_argument outside 0 to 65535.
  Port(int number);                // NOLINT(google-explicit-constructor): `{"host", 80}`
  Port(std::string_view service);  // NOLINT(google-explicit-constructor): `{"host", "http"}`
  Port(const char* service) : Port(std::string_view(service)) {}         // NOLINT
  Port(const std::string& service) : Port(std::string_view(service)) {}  // NOLINT

  /// The number, if it is not a name that has to be resolved.
  std::optional<std::uint16_t> number() const noexcept { return number_; }
  /// The text: a name, or the number.
  const std::string& text() const noexcept { return text_; }

 private:
  std::optional<std::uint16_t> number_ = 0;
  std::string text_;
};

/// What create_connection connects to, and how.
struct ConnectOptions : TlsClientSettings {
  ConnectOptions() = default;
  ConnectOptions(std::string host_name, Port port_or_service)
      : host(std::move(host_name)), port(std::move(port_or_service)) {}

  std::string host;
  Port port;
  Family family = Family::unspecified;
  /// Bind the client's side to this host and port. Candidates of another family are skipped.
  std::optional<std::pair<std::string, Port>> local_addr;
  /// With a value, attempts overlap (RFC 8305): the next one starts when the one before failed or this has
  /// passed.
  std::optional<Duration> happy_eyeballs_delay;
  /// Alternate between families, after this many addresses of the first one. Default: 1 with a delay, else 0.
  std::optional<int> interleave;
  /// A connected socket instead of an address. It belongs to the operation from the call on, unless that
  /// throws.
  NativeHandle sock;
};

/// What create_server binds, and how.
struct ServerOptions : TlsSettings {
  ServerOptions() = default;
  ServerOptions(std::string host, Port port_or_service)
      : hosts{std::move(host)}, port(std::move(port_or_service)) {}

  /// Names or addresses, each bound once; none (or one that is empty) binds all interfaces of every family.
  std::vector<std::string> hosts;
  /// 0 picks a free one: see Server::sockets.
  std::optional<Port> port;
  Family family = Family::unspecified;
  int backlog = 100;
  bool reuse_address = true;
  bool reuse_port = false;
  /// False: bound, but clients are refused until Server::start_serving.
  bool start_serving = true;
  /// A bound stream socket instead of hosts and port. It belongs to the operation from the call on, unless
  /// that throws.
  NativeHandle sock;
};

/// What connect_accepted_socket makes a connection of.
struct AcceptedSocketOptions : TlsSettings {
  /// A connected stream socket. It belongs to the operation from the call on, unless that throws.
  AcceptedSocketOptions(NativeHandle socket) : sock(socket) {}  // NOLINT(google-explicit-constructor)

  NativeHandle sock;
};

/// A connection that was made: the transport, and the protocol that the factory made for it.
struct Connection {
  Transport transport;
  std::shared_ptr<BaseProtocol> protocol;
};

/// How start_tls secures a connection that exists.
struct StartTlsOptions : TlsClientSettings {
  StartTlsOptions() = default;
  /// As a client, who expects this name.
  StartTlsOptions(std::shared_ptr<const TlsContext> context, std::string name) {
    tls = std::move(context);
    server_hostname = std::move(name);
  }
  /// As the server.
  explicit StartTlsOptions(std::shared_ptr<const TlsContext> context) : server_side(true) {
    tls = std::move(context);
  }
  /// Which side of the handshake this end takes.
  bool server_side = false;
};

/// What getaddrinfo looks up.
struct ResolveOptions {
  Family family = Family::unspecified;
  bool passive = false;
};

}  // namespace twinwire
