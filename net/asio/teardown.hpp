// How a WebSocket of Boost.Beast ends the connection below it, once both closing frames have passed.
#pragma once

#include <twinwire/net/asio/stream_socket.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>

namespace boost::beast {
enum class role_type;  // so that nobody needs Beast who does not use it
}

namespace twinwire {
namespace detail {

/// RFC 6455, 7.1.1: the server ends first, so that TIME_WAIT is its own. Each side reads to the end, because
/// closing with data that nobody has read resets the connection, and may take the last frame with it.
template <class Socket>
class Teardown {
 public:
  Teardown(Socket& socket, bool end_first) : socket_(socket), end_first_(end_first) {}

  template <class Self>
  void operator()(Self& self, error_code error = {}, std::size_t = 0) {
    if (!rest_) {
      rest_ = std::make_unique<Rest>();
      if (end_first_) socket_.shutdown(Socket::shutdown_send, error);  // reading tells what is wrong
      // TLS ends both directions at once. It closes without a reset, whatever nobody has read.
      if (error == boost::asio::error::operation_not_supported) socket_.close();
      socket_.async_read_some(boost::asio::buffer(*rest_), std::move(self));
    } else if (!error.failed()) {
      socket_.async_read_some(boost::asio::buffer(*rest_), std::move(self));
    } else {
      if (error == boost::asio::error::eof || error == boost::asio::error::bad_descriptor) error = {};
      socket_.close();  // which ends the sending side, too, behind what was written
      self.complete(error);
    }
  }

 private:
  using Rest = std::array<std::byte, 2048>;

  Socket& socket_;
  bool end_first_;
  std::unique_ptr<Rest> rest_;
};

}  // namespace detail

/// Beast's customization point:
/// https://www.boost.org/doc/libs/1_81_0/libs/beast/doc/html/beast/using_websocket/teardown.html Completes
/// with void(error_code) when the peer has ended its side, too. It has no time limit of its own; the
/// WebSocket has.
template <class IoExecutor, class Token>
auto async_teardown(boost::beast::role_type role, basic_stream_socket<IoExecutor>& socket, Token&& token) {
  // role_type::client is 0, role_type::server 1.
  return boost::asio::async_compose<Token, void(error_code)>(
      detail::Teardown<basic_stream_socket<IoExecutor>>(socket, static_cast<int>(role) == 1), token, socket);
}

}  // namespace twinwire
