// How connections and servers of Unix stream sockets are asked for. Their names are those of
// Address::from_path; all else (transports, protocols, servers) is as for TCP.
#pragma once

#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace twinwire {

/// The path that stands for an abstract name: a name of the host that is no file, and is free again as soon
/// as its socket is closed. See unix(7).
inline std::string abstract_path(std::string_view name) {
  return std::string(1, '\0').append(name);
}

/// What create_unix_connection connects to.
struct UnixConnectOptions : TlsClientSettings {
  UnixConnectOptions() = default;
  explicit UnixConnectOptions(std::string name) : path(std::move(name)) {}

  /// A path, or an abstract name: see Address::from_path.
  std::string path;
  /// A connected Unix stream socket instead of a path. It belongs to the operation from the call on, unless
  /// that throws.
  NativeHandle sock;
};

/// What create_unix_server binds, and how.
struct UnixServerOptions : TlsSettings {
  UnixServerOptions() = default;
  explicit UnixServerOptions(std::string name) : path(std::move(name)) {}

  /// A path, or an abstract name: see Address::from_path. A socket file that is there already is removed, as
  /// asyncio does, whether it is stale or a server still listens; any other file is left alone, and the
  /// operation fails with address_in_use.
  std::string path;
  int backlog = 100;
  /// False: bound, but clients are refused until Server::start_serving.
  bool start_serving = true;
  /// Closing the server removes its socket file, unless another one has taken the place.
  bool cleanup_socket = true;
  /// A bound Unix stream socket instead of a path. It belongs to the operation from the call on, unless that
  /// throws.
  NativeHandle sock;
};

}  // namespace twinwire
