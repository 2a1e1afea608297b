// A listening server, as create_server returns it.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstddef>
#include <vector>

namespace twinwire {

class Loop;

namespace detail {
class ServerState;
}

/// One listening socket of a server.
struct ServerSocket {
  Address sockname;
  NativeHandle handle;
};

/// asyncio's Server: https://docs.python.org/3/library/asyncio-eventloop.html#server-objects
/// A counted handle; a default-constructed one is a closed server. The server goes on serving when the last
/// handle is gone, until it is closed or its loop is. Loop thread only.
class Server {
 public:
  Server();
  explicit Server(detail::Ref<detail::ServerState> state);
  Server(const Server&);
  Server(Server&&) noexcept;
  Server& operator=(Server) noexcept;
  ~Server();

  /// The loop it serves on. Throws std::logic_error on a default-constructed server, or when the loop is
  /// gone.
  Loop& get_loop() const;
  /// The listening sockets; none once it is closed.
  std::vector<ServerSocket> sockets() const;
  /// The port of the first socket; 0 once it is closed.
  std::uint16_t port() const;
  bool is_serving() const;

  /// Begins to accept. Does nothing when it does so already. Throws std::logic_error on a closed server;
  /// OperationError, and the server is closed, when the system refuses.
  void start_serving() const;
  /// Stops listening, and removes the file of a Unix socket. Connections that were accepted live on.
  void close() const;
  /// close() on the transport of every accepted connection that is alive.
  void close_clients() const;
  /// abort() on the transport of every accepted connection that is alive.
  void abort_clients() const;
  /// How many accepted connections are alive.
  std::size_t connections() const;

  /// Completes when the server is closed and every accepted connection has had connection_lost. Throws
  /// std::logic_error when its loop is gone.
  Operation wait_closed(VoidCompletion done) const;
  /// Serves until cancelled; then closes, waits as wait_closed, and completes with operation_aborted. Throws
  /// std::logic_error on a closed server, or while another call is pending.
  Operation serve_forever(VoidCompletion done) const;

  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

 private:
  detail::ServerState& open_state() const;
  detail::Ref<detail::ServerState> state_;
};

}  // namespace twinwire
