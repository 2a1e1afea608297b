#pragma once

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace websocket = boost::beast::websocket;
using WebSocket = websocket::stream<twinwire::stream_socket>;

/// Sends each message of one client back.
inline twinwire::awaitable<void> echo(twinwire::stream_socket socket) {
  WebSocket peer(std::move(socket));
  peer.set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::server));
  co_await peer.async_accept(twinwire::use_awaitable);
  for (;;) {
    boost::beast::flat_buffer message;
    const auto [error, size] =
        co_await peer.async_read(message, boost::asio::as_tuple(twinwire::use_awaitable));
    if (error) co_return;
    peer.text(peer.got_text());
    co_await peer.async_write(message.data(), twinwire::use_awaitable);
  }
}

inline twinwire::awaitable<void> serve(twinwire::Loop& loop, twinwire::ServerOptions where) {
  twinwire::socket_acceptor acceptor(loop);
  co_await acceptor.async_listen(where, twinwire::use_awaitable);
  for (;;) {
    auto socket = co_await acceptor.async_accept(twinwire::use_awaitable);
    twinwire::spawn(loop, echo(std::move(socket)), "echo", twinwire::TaskOptions(true));
  }
}
