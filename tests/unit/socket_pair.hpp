// Both ends of a connection, as sockets for Asio.
#pragma once

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/async.hpp>
#include <twinwire/net/loop.hpp>

#include <boost/asio/as_tuple.hpp>

namespace twinwire {

/// Errors as values.
constexpr auto with_error = boost::asio::as_tuple(use_awaitable);

struct SocketPair {
  explicit SocketPair(Loop& loop) : client(loop), server(loop) {}
  stream_socket client;
  stream_socket server;
};

inline awaitable<SocketPair> connected(Loop& loop) {
  SocketPair pair(loop);
  socket_acceptor acceptor(loop);
  const ServerOptions where("127.0.0.1", 0);
  co_await acceptor.async_listen(where, use_awaitable);
  const ConnectOptions there("127.0.0.1", acceptor.port());
  co_await pair.client.async_connect(there, use_awaitable);
  pair.server = co_await acceptor.async_accept(use_awaitable);
  co_return pair;
}

}  // namespace twinwire
