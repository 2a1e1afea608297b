// An echo server on Boost.Asio, written as its users write it: the base that the library is compared with.
//
//   echo_asio --port N [--form callback|coroutine]
//
// One thread, and the two choices that make plain Asio fast there: the hint that switches off its locks, and
// the io_context's own executor type instead of the type-erased any_io_executor.
#include "options.hpp"

#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

constexpr std::size_t read_size_max = 64 * 1024;
constexpr int backlog = 4096;

void set_no_delay(Socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
}

/// One connection in callbacks. It owns itself, and goes when a read or a write fails.
class Session {
 public:
  explicit Session(Socket socket) : socket_(std::move(socket)) {}

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

  Socket socket_;
  std::array<char, read_size_max> buffer_;
};

void accept_sessions(Acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, Socket socket) {
    if (!error) {
      set_no_delay(socket);
      (new Session(std::move(socket)))->read();
    }
    accept_sessions(acceptor);
  });
}

/// One connection as a coroutine; errors come back as values, as a closing peer is not exceptional.
Awaitable<void> echo(Socket socket) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<Executor>());
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

Awaitable<void> accept_coroutines(Acceptor& acceptor) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<Executor>());
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(token);
    if (error) continue;
    set_no_delay(socket);
    const Executor executor = socket.get_executor();
    asio::co_spawn(executor, echo(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--port", "--form"});
  const std::string form = options.text("--form", "callback");
  if (form != "callback" && form != "coroutine") options.fail("no such form:", form);

  asio::io_context context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  Acceptor acceptor(context.get_executor(), tcp::v4());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), options.port()));
  acceptor.listen(backlog);
  if (form == "coroutine") {
    asio::co_spawn(context.get_executor(), accept_coroutines(acceptor), asio::detached);
  } else {
    accept_sessions(acceptor);
  }
  context.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "echo_asio: %s\n", error.what());
  return 1;
}
