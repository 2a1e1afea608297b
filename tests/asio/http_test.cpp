// Boost.Beast's HTTP, server and client, over both backends.
#include "../unit/witness.hpp"
#include "hosts.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using namespace std::chrono_literals;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

/// Answers each request with its target and its body, in chunks where asked to.
awaitable<void> answer_all(stream_socket socket) {
  const Witness witness;
  beast::flat_buffer buffer;
  for (;;) {
    Request request;
    const auto [error, size] =
        co_await http::async_read(socket, buffer, request, asio::as_tuple(use_awaitable));
    if (error == http::error::end_of_stream) break;
    if (error) throw boost::system::system_error(error);
    if (request.target() == "/never") co_await sleep_for(loop_of(socket.get_executor()), 1h);
    Response response(http::status::ok, request.version());
    response.body() = std::string(request.target()) + " " + request.body();
    response.keep_alive(request.keep_alive());
    response.chunked(request.target() == "/chunks");
    response.prepare_payload();
    if (request.target() == "/chunks") response.chunked(true);
    co_await http::async_write(socket, response, use_awaitable);
    if (!request.keep_alive()) break;
  }
  socket.shutdown(stream_socket::shutdown_send);
}

awaitable<void> serve(Loop& loop, socket_acceptor& acceptor) {
  const Witness witness;
  for (;;) {
    stream_socket socket = co_await acceptor.async_accept(use_awaitable);
    spawn(loop, answer_all(std::move(socket)), "answer", TaskOptions(true));
  }
}

/// Listens, and serves in the background. The port.
std::uint16_t start_server(Loop& loop, socket_acceptor& acceptor, std::uint16_t port = 0) {
  run_until_complete(loop, [&]() -> awaitable<void> {
    const ServerOptions where("", port);
    co_await acceptor.async_listen(where, use_awaitable);
  });
  spawn(loop, serve(loop, acceptor), "serve", TaskOptions(true));
  return acceptor.port();
}

Request request_for(const std::string& target, std::string body, bool keep_alive) {
  Request request(body.empty() ? http::verb::get : http::verb::post, target, 11);
  request.set(http::field::host, "server");
  request.body() = std::move(body);
  request.keep_alive(keep_alive);
  request.prepare_payload();
  return request;
}

awaitable<std::string> ask(stream_socket& socket, Request request) {
  co_await http::async_write(socket, request, use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(10'000'000);
  co_await http::async_read(socket, buffer, parser, use_awaitable);
  co_return parser.get().body();
}

/// Several requests on one connection.
awaitable<void> ask_all(Loop& loop, std::string name, std::uint16_t port) {
  stream_socket socket(loop);
  const ConnectOptions there(name, port);
  co_await socket.async_connect(there, use_awaitable);
  const std::string large(300'000, 'b');
  std::string answer = co_await ask(socket, request_for("/first", "", true));
  CHECK(answer == "/first ");
  answer = co_await ask(socket, request_for("/large", large, true));
  CHECK(answer == "/large " + large);
  answer = co_await ask(socket, request_for("/chunks", "in several pieces", true));
  CHECK(answer == "/chunks in several pieces");
  answer = co_await ask(socket, request_for("/last", "x", false));
  CHECK(answer == "/last x");
  char byte[1];
  const auto [error, size] =
      co_await socket.async_read_some(asio::buffer(byte), asio::as_tuple(use_awaitable));
  CHECK(error == asio::error::eof);
}

TEMPLATE_TEST_CASE("Beast serves and asks over HTTP", "", SimHosts, RealHosts) {
  TestType hosts;
  socket_acceptor acceptor(hosts.server);
  const std::uint16_t port = start_server(hosts.server, acceptor);
  run_until_complete(hosts.client, ask_all(hosts.client, hosts.name, port));
}

TEST_CASE("the same seed gives the same bytes of HTTP, another one others") {
  const auto fingerprint = [](std::uint64_t seed) {
    SimHosts hosts(seed);
    socket_acceptor acceptor(hosts.server);
    start_server(hosts.server, acceptor, 80);
    run_until_complete(hosts.client, ask_all(hosts.client, "server", 80));
    return hosts.world.fingerprint();
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    CHECK(fingerprint(seed) == fingerprint(seed));
    CHECK(fingerprint(seed) != fingerprint(seed + 1));
  }
}

TEST_CASE("a request is understood, wherever it is cut, and so is the response") {
  const Request request = request_for("/cut", "a body", false);
  std::ostringstream text;
  text << request;
  sim::LinkOptions link;
  link.cut = {1, 1'000'000};  // may be cut; a calm run never is, but where it is told to
  std::size_t cuts = 0;
  for (const char* direction : {"client>server:80#1", "client<server:80#1"}) {
    for (std::size_t at = 1; at < text.str().size(); ++at) {
      Choices choices(1, Base::calm);
      choices.override_outcome({direction, "cut", 0}, at);
      SimHosts hosts(std::move(choices), link);
      socket_acceptor acceptor(hosts.server);
      start_server(hosts.server, acceptor, 80);
      run_until_complete(hosts.client, [&]() -> awaitable<void> {
        stream_socket socket(hosts.client);
        const ConnectOptions there("server", 80);
        co_await socket.async_connect(there, use_awaitable);
        const std::string answer = co_await ask(socket, request);
        CHECK(answer == "/cut a body");
      });
      if (hosts.world.choices().unreached_overrides().empty()) ++cuts;
    }
  }
  CHECK(cuts == 2 * (text.str().size() - 1));
}

TEMPLATE_TEST_CASE("a client gives up on a server that does not answer", "", SimHosts, RealHosts) {
  TestType hosts;
  socket_acceptor acceptor(hosts.server);
  const std::uint16_t port = start_server(hosts.server, acceptor);
  run_until_complete(hosts.client, [&]() -> awaitable<void> {
    stream_socket socket(hosts.client);
    const ConnectOptions there(hosts.name, port);
    co_await socket.async_connect(there, use_awaitable);
    try {
      co_await with_timeout(20ms, ask(socket, request_for("/never", "", true)), "ask");
      FAIL("there was an answer");
    } catch (const OperationError& error) {
      CHECK(error.code() == errc::timed_out);
    }
    // As Beast's own streams do when a deadline has passed.
    error_code told;
    char byte[1];
    socket.async_read_some(asio::buffer(byte), [&](error_code error, std::size_t) { told = error; });
    beast::close_socket(beast::get_lowest_layer(socket));
    co_await sleep_for(hosts.client, 0s);
    CHECK(told == asio::error::operation_aborted);
  });
}

TEST_CASE("a world that goes while HTTP is spoken leaves nothing behind") {
  for (int steps = 0; steps < 120; steps += 3) {
    INFO(steps << " steps");
    {
      SimHosts hosts(static_cast<std::uint64_t>(steps));
      socket_acceptor acceptor(hosts.server);
      start_server(hosts.server, acceptor, 80);
      spawn(hosts.client, ask_all(hosts.client, "server", 80), "ask");
      for (int i = 0; i < steps; ++i) REQUIRE(hosts.world.step());
    }
    CHECK(Witness::alive == 0);
  }
}

}  // namespace
}  // namespace twinwire
