#include "visitor.hpp"

#include <twinwire/net/choices.hpp>
#include <twinwire/net/result.hpp>

#include <array>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace https {
namespace {

using namespace std::chrono_literals;
using twinwire::awaitable;
using twinwire::Purpose;
using twinwire::Stream;

constexpr Purpose request_purpose{"request", "{entity}: request {ordinal} was of kind {outcome}"};
constexpr Purpose count_purpose{"count", "{entity}: {outcome} more requests on connection {ordinal}"};
constexpr Purpose together_purpose{"together",
                                   "{entity}: on connection {ordinal} the requests came together"};
constexpr std::uint64_t connections = 3;
constexpr std::uint64_t requests_max = 6;
/// More than the buffers of both ends hold.
constexpr std::size_t left_untaken = 80'000;
/// Of what was sent, in messages.
constexpr std::size_t shown_max = 60;

/// A request line and the fields, which all are sent with.
std::string head(const std::string& method, const std::string& target, const std::string& more = {}) {
  return method + ' ' + target + " HTTP/1.1\r\nHost: server\r\n" + more + "\r\n";
}

}  // namespace

/// What is sent, and what must come of it.
struct Visitor::Request {
  std::string text;
  int status = 0;
  const Page* page = nullptr;  ///< that comes; null for a text that says what is wrong
  bool with_body = true;       ///< of the response
  bool is_last = false;        ///< the server closes behind the response
};

struct Visitor::Response {
  int status = 0;
  std::map<std::string, std::string> fields;
  std::string body;
};

std::uint64_t Visitor::draw(const Purpose& purpose, std::uint64_t number, std::uint64_t range) const {
  return loop_.choices().draw(loop_.choices().site(name_, purpose), number, range);
}

Visitor::Request Visitor::choose(std::uint64_t number) const {
  const std::string large(20'000, 'x');
  switch (draw(request_purpose, number, 11)) {
    case 1:
      return {head("GET", "/style.css?version=2"), 200, site_.find("/style.css")};
    case 2:
      return {head("GET", "/large.bin"), 200, site_.find("/large.bin")};
    case 3:
      return {head("HEAD", "/large.bin"), 200, site_.find("/large.bin"), false};
    case 4:
      return {head("GET", "/../etc/passwd"), 404};
    case 5:
      return {head("POST", "/", "Content-Length: 4\r\n") + "body", 405};
    case 6:
      return {head("GET", "/", "Connection: close\r\n"), 200, site_.find("/"), true, true};
    case 7:
      return {"GET / HTTP/1.1\nHost server\r\n\r\n", 400, nullptr, true, true};
    case 8:
      return {head("GET", "/", "Cookie: " + large + "\r\n"), 431, nullptr, true, true};
    case 9:
      return {head("POST", "/", "Content-Length: 1000000\r\n") + std::string(1000000, 'b'), 413, nullptr,
              true, true};
    case 10:
      return {"GET / HTTP/1.1\r\nHost: ser", 408, nullptr, true, true};
    default:
      return {head("GET", "/"), 200, site_.find("/")};
  }
}

awaitable<void> Visitor::visit() {
  for (std::uint64_t connection = 0; connection < connections; ++connection)
    co_await use_connection(connection);
}

awaitable<void> Visitor::use_connection(std::uint64_t connection) {
  const Stream stream = co_await twinwire::open_connection(loop_, server_);
  const bool together = draw(together_purpose, connection, 2) != 0;
  const std::uint64_t count = 1 + draw(count_purpose, connection, requests_max);
  std::vector<Request> requests;
  for (std::uint64_t i = 0; i < count; ++i) {
    requests.push_back(choose(connection * (requests_max + 1) + i));
    if (requests.back().is_last) break;
  }
  if (together) {
    for (const Request& request : requests) stream.writer.write(request.text);
  }
  for (const Request& request : requests) {
    if (!together) stream.writer.write(request.text);
    const Response response = co_await read_response(stream, request.with_body);
    check(request, response);
  }
  // Behind the last response, or when the server has waited long enough.
  const std::string rest = co_await stream.reader.read_all();
  if (!rest.empty())
    throw std::logic_error(name_ + ": behind the last response came " + rest.substr(0, shown_max));
}

awaitable<Visitor::Response> Visitor::read_response(const Stream& stream, bool with_body) const {
  Response response;
  const std::string text = co_await stream.reader.read_until("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 "))
    throw std::logic_error(name_ + ": this is no response: " + text.substr(0, shown_max));
  response.status = std::stoi(text.substr(9, 3));
  std::size_t begin = text.find("\r\n") + 2;
  for (std::size_t end = text.find("\r\n", begin); end != begin; end = text.find("\r\n", begin)) {
    const std::size_t colon = text.find(": ", begin);
    response.fields[text.substr(begin, colon - begin)] = text.substr(colon + 2, end - colon - 2);
    begin = end + 2;
  }
  if (with_body)
    response.body = co_await stream.reader.read_exactly(std::stoul(response.fields["Content-Length"]));
  co_return response;
}

void Visitor::check(const Request& request, const Response& response) const {
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds)
      throw std::logic_error(name_ + ": " + what + " of the response to " +
                             request.text.substr(0, shown_max));
  };
  const auto field = [&](const std::string& name) {
    const auto found = response.fields.find(name);
    return found == response.fields.end() ? std::string() : found->second;
  };
  require(response.status == request.status, "the status " + std::to_string(response.status));
  require(field("Connection") == (request.is_last ? "close" : ""), "the field Connection");
  require(field("Date").starts_with("Thu, 01 Jan 2026 00:0"), "the date");
  if (!request.page) return require(response.body.size() < 100, "the body");
  require(field("Content-Type") == request.page->type, "the type");
  require(field("Content-Length") == std::to_string(request.page->body.size()), "the length");
  require(response.body == (request.with_body ? request.page->body : ""), "the body");
}

awaitable<void> Visitor::fall_asleep(std::string path) {
  const Stream stream = co_await twinwire::open_connection(loop_, server_);
  stream.writer.write(head("GET", path));
  co_await sleep(stream);
}

awaitable<void> Visitor::fall_asleep_at_the_end(std::string path) {
  const Stream stream = co_await twinwire::open_connection(loop_, server_);
  stream.writer.write(head("GET", path, "Connection: close\r\n"));
  co_await stream.reader.read_exactly(site_.find(path)->body.size() - left_untaken);
  co_await sleep(stream);
}

/// For longer than the server may wait, which must have reset the connection.
awaitable<void> Visitor::sleep(const Stream& stream) const {
  stream.writer.transport().pause_reading();
  co_await twinwire::sleep_for(loop_, 5min);
  stream.writer.transport().resume_reading();
  const auto rest = co_await twinwire::as_result(stream.reader.read_all());
  const twinwire::error_code end = rest ? twinwire::error_code() : rest.error().code();
  if (end != twinwire::errc::connection_reset)
    throw std::logic_error(name_ + ": the server waited for five minutes, and then: " + end.message());
}

}  // namespace https
