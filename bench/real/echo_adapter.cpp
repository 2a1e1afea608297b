// echo_asio once more, with the sockets of this library instead of Asio's: what its adapters for Asio cost.
//
//   echo_adapter --port N [--form callback|coroutine]
#include "options.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/async.hpp>
#include <twinwire/real/event_loop.hpp>

#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using twinwire::error_code;
using twinwire::socket_acceptor;
using twinwire::stream_socket;

constexpr std::size_t read_size_max = 64 * 1024;
constexpr int backlog = 4096;

void set_no_delay(const stream_socket& socket) {
  socket.set_option(twinwire::Option::no_delay, 1);
}

/// One connection in callbacks. It owns itself, and goes when a read or a write fails.
class Session {
 public:
  explicit Session(stream_socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(asio::buffer(buffer_), [this](error_code error, std::size_t size) {
      if (error) {
        delete this;
      } else {
        write(size);
      }
    });
  }

 private:
  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size), [this](error_code error, std::size_t) {
      if (error) {
        delete this;
      } else {
        read();
      }
    });
  }

  stream_socket socket_;
  std::array<char, read_size_max> buffer_;
};

void accept_sessions(socket_acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, stream_socket socket) {
    if (!error) {
      set_no_delay(socket);
      (new Session(std::move(socket)))->read();
    }
    accept_sessions(acceptor);
  });
}

/// One connection as a coroutine; errors come back as values, as a closing peer is not exceptional.
twinwire::awaitable<void> echo(stream_socket socket) {
  constexpr auto token = asio::as_tuple(twinwire::use_awaitable);
  const auto buffer = std::make_unique_for_overwrite<char[]>(read_size_max);
  for (;;) {
    const auto [read_error, size] =
        co_await socket.async_read_some(asio::buffer(buffer.get(), read_size_max), token);
    if (read_error) co_return;
    const auto [write_error, written] =
        co_await asio::async_write(socket, asio::buffer(buffer.get(), size), token);
    if (write_error) co_return;
  }
}

twinwire::awaitable<void> accept_coroutines(socket_acceptor& acceptor) {
  constexpr auto token = asio::as_tuple(twinwire::use_awaitable);
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(token);
    if (error) continue;
    set_no_delay(socket);
    const auto executor = socket.get_executor();
    asio::co_spawn(executor, echo(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--port", "--form"});
  const std::string form = options.text("--form", "callback");
  if (form != "callback" && form != "coroutine") options.fail("no such form:", form);

  const auto loop = twinwire::real::new_event_loop();
  socket_acceptor acceptor(*loop);
  twinwire::ServerOptions where("127.0.0.1", options.port());
  where.backlog = backlog;
  acceptor.async_listen(where, [&](error_code error) {
    if (error) throw boost::system::system_error(error);
    if (form == "coroutine") {
      asio::co_spawn(loop->get_executor(), accept_coroutines(acceptor), asio::detached);
    } else {
      accept_sessions(acceptor);
    }
  });
  loop->run_forever();
} catch (const std::exception& error) {
  std::fprintf(stderr, "echo_adapter: %s\n", error.what());
  return 1;
}
