#include "server.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace https {
namespace {

namespace http = boost::beast::http;
using boost::beast::flat_buffer;
using twinwire::awaitable;
using twinwire::error_code;
using twinwire::stream_socket;
using twinwire::use_awaitable;
using twinwire::with_timeout;
using Parser = http::request_parser<http::string_body>;
/// Its body lies in the site, or is a literal.
using Response = http::response<http::span_body<const char>>;

constexpr std::size_t read_size = 4096;

/// What the connections of one server share.
struct Shared {
  std::shared_ptr<const Site> site;
  Limits limits;
};

// --- responses ---

/// "Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, 5.6.7.
std::string date(twinwire::WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

Response response(http::status status, std::string_view type, std::string_view body) {
  Response made(status, 11);
  made.set(http::field::content_type, type);
  made.set("X-Content-Type-Options", "nosniff");
  made.set("Content-Security-Policy", "default-src 'self'");
  made.body() = {body.data(), body.size()};
  made.content_length(body.size());
  return made;
}

Response failure(http::status status) {
  const auto reason = http::obsolete_reason(status);
  return response(status, "text/plain; charset=utf-8", {reason.data(), reason.size()});
}

Response answer(const Site& site, const Parser& parser) {
  const auto& request = parser.get();
  Response made;
  if (request.version() > 10 && request.count(http::field::host) != 1) {
    made = failure(http::status::bad_request);  // RFC 9112, 3.2
  } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
    made = failure(http::status::method_not_allowed);
    made.set(http::field::allow, "GET, HEAD");
  } else if (const Page* page = site.find({request.target().data(), request.target().size()})) {
    made = response(http::status::ok, page->type, page->body);
  } else {
    made = failure(http::status::not_found);
  }
  if (request.method() == http::verb::head) made.body() = {};  // whose length is told all the same
  made.version(request.version());
  made.keep_alive(request.keep_alive());
  return made;
}

/// For a request that cannot be understood. After it there is no telling where the next one begins.
Response refusal(error_code error) {
  http::status status = http::status::bad_request;
  if (error == http::error::header_limit) status = http::status::request_header_fields_too_large;
  if (error == http::error::body_limit) status = http::status::payload_too_large;
  if (error == twinwire::errc::timed_out) status = http::status::request_timeout;
  Response made = failure(status);
  made.keep_alive(false);
  return made;
}

// --- one connection ---

awaitable<void> read_some(stream_socket& socket, flat_buffer& buffer) {
  buffer.commit(co_await socket.async_read_some(buffer.prepare(read_size), use_awaitable));
}

/// Why there is no request: an error of HTTP, or timed_out. Throws what ended the connection.
awaitable<error_code> read_request(stream_socket& socket, flat_buffer& buffer, Parser& parser,
                                   const Limits& limits) {
  parser.header_limit(limits.header_bytes_max);
  parser.body_limit(limits.body_bytes_max);
  if (buffer.size() == 0) co_await with_timeout(limits.idle_time_max, read_some(socket, buffer));
  try {
    co_await with_timeout(limits.request_time_max, http::async_read(socket, buffer, parser, use_awaitable));
  } catch (const boost::system::system_error& error) {
    const error_code code = error.code();
    const bool of_http = code.category() == make_error_code(http::error::bad_version).category();
    const bool ended = code == http::error::end_of_stream || code == http::error::partial_message;
    if (!ended && (of_http || code == twinwire::errc::timed_out)) co_return code;
    throw;
  }
  co_return error_code();
}

/// Behind a refusal, until the client has ended the connection: closing with something unread would reset it,
/// and the client might lose the refusal (RFC 9112, 9.6). Over TLS close() does the same.
awaitable<void> discard_rest(stream_socket& socket, const Limits& limits) {
  error_code error;
  socket.shutdown(stream_socket::shutdown_send, error);
  std::array<char, read_size> rest;
  std::uint64_t size = 0;
  while (!error.failed() && size < limits.discarded_bytes_max)
    size += co_await socket.async_read_some(boost::asio::buffer(rest), use_awaitable);
}

awaitable<void> serve_connection(twinwire::Loop& loop, stream_socket socket,
                                 std::shared_ptr<const Shared> shared) {
  const Limits& limits = shared->limits;
  flat_buffer buffer;
  try {
    // For what is written and not yet sent when the socket is closed: nobody here waits for that.
    socket.set_option(twinwire::Option::user_timeout_ms,
                      std::chrono::ceil<std::chrono::milliseconds>(limits.response_time_max).count());
    for (bool more = true; more;) {
      Parser parser;
      const error_code error = co_await read_request(socket, buffer, parser, limits);
      Response response = error.failed() ? refusal(error) : answer(*shared->site, parser);
      response.set(http::field::date, date(loop.wall_time()));
      more = response.keep_alive();
      co_await with_timeout(limits.response_time_max, http::async_write(socket, response, use_awaitable));
      if (error.failed()) co_await with_timeout(limits.discard_time_max, discard_rest(socket, limits));
    }
    socket.close();  // with TLS's farewell, behind what was written
  } catch (const boost::system::system_error& error) {
    // The peer has ended, or broken, or forgotten the connection: nobody is left to be told. One that takes
    // no response is not waited for any longer.
    if (error.code() == twinwire::errc::timed_out && socket.transport().get_write_buffer_size() != 0)
      socket.abort();
  }
}

}  // namespace

awaitable<void> serve(twinwire::socket_acceptor& acceptor, std::shared_ptr<const Site> site, Limits limits) {
  const auto shared = std::make_shared<const Shared>(Shared{std::move(site), limits});
  for (;;) {
    stream_socket socket = co_await acceptor.async_accept(use_awaitable);
    // Those are among them that shake hands, and those that are closed but have not sent everything.
    if (acceptor.server().connections() > limits.connections_max) {
      socket.abort();
      continue;
    }
    twinwire::Loop& loop = loop_of(socket.get_executor());
    spawn(loop, serve_connection(loop, std::move(socket), shared), "HTTP client",
          twinwire::TaskOptions(true));
  }
}

}  // namespace https
