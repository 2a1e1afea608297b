// The site, the server over the simulated network, and the scenario.
#include "scenario.hpp"
#include "scenario_checks.hpp"
#include "server.hpp"
#include "site.hpp"

#include <twinwire/net/result.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace https {
namespace {

using namespace std::chrono_literals;
using twinwire::awaitable;
using twinwire::Stream;

/// With its header two pieces of what a socket writes at once, nearly: the second fits into no buffer.
constexpr std::size_t large_size = 2UL * 64 * 1024 - 1000;

std::shared_ptr<const Site> small_site() {
  Site site;
  site.add("/index.html", "home");
  site.add("/a/index.html", "below");
  site.add("/large.bin", std::string(large_size, 'x'));
  return std::make_shared<const Site>(std::move(site));
}

TEST_CASE("a page is found by its path, and nothing else is") {
  const auto site = small_site();
  CHECK(site->find("/")->body == "home");
  CHECK(site->find("/index.html")->type == "text/html; charset=utf-8");
  CHECK(site->find("/a/?x=/")->body == "below");
  for (const char* target : {"", "*", "index.html", "/a", "//", "/a/../", "/index.html/", "/%69ndex.html"}) {
    INFO(target);
    CHECK_FALSE(site->find(target));
  }
}

/// A server without TLS, and a host for those who ask.
struct Net {
  explicit Net(const Limits& limits = {}) {
    run_until_complete(server.loop(), [&]() -> awaitable<void> {
      const twinwire::ServerOptions where("", 80);
      co_await acceptor.async_listen(where, twinwire::use_awaitable);
      spawn(server.loop(), serve(acceptor, small_site(), limits), "serve", twinwire::TaskOptions(true));
    });
  }

  static twinwire::sim::WorldOptions small_buffers() {
    twinwire::sim::WorldOptions options;
    options.host = scenario_world().host;
    return options;
  }

  twinwire::sim::World world{1, small_buffers()};
  twinwire::sim::Host& server = world.add_host("server");
  twinwire::Loop& loop = world.add_host("client").loop();
  twinwire::socket_acceptor acceptor{server.loop()};
};

/// All that comes back for these bytes, until the server closes.
std::string said_to(Net& net, const std::string& bytes) {
  return run_until_complete(net.loop, [&]() -> awaitable<std::string> {
    const Stream stream = co_await twinwire::open_connection(net.loop, "server", 80);
    stream.writer.write(bytes);
    co_return co_await stream.reader.read_all();
  });
}

TEST_CASE("a response says all that a client needs, in this form") {
  Net net;
  CHECK(said_to(net, "GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n") ==
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'self'\r\n"
        "Content-Length: 4\r\n"
        "Connection: close\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "\r\n"
        "home");
  CHECK(said_to(net, "HEAD /none HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 404 Not Found\r\n"));
  CHECK(said_to(net, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(said_to(net, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("a connection that says nothing is closed without a word, one that stops half-way is told") {
  Limits limits;
  limits.idle_time_max = 5s;
  limits.request_time_max = 3s;
  Net net(limits);
  const auto begun = net.loop.time();
  CHECK(said_to(net, "").empty());
  CHECK(net.loop.time() - begun < 6s);
  CHECK(said_to(net, "GET / HT").starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  CHECK(net.loop.time() - begun < 10s);
}

TEST_CASE("a request that is too long is refused") {
  Limits limits;
  limits.header_bytes_max = 100;
  limits.body_bytes_max = 10;
  Net net(limits);
  const auto status = [&](std::size_t header_size, std::size_t body_size) {
    std::string request =
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body_size) +
        "\r\nX: ";
    request.append(header_size - request.size() - 4, 'x').append("\r\n\r\n").append(body_size, 'b');
    return said_to(net, request).substr(9, 3);
  };
  CHECK(status(100, 10) == "405");
  CHECK(status(200, 10) == "431");
  CHECK(status(100, 11) == "413");
}

TEST_CASE("a refusal reaches who first sends all of a body that is too long") {
  Net net;
  const std::string request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  const std::string response = run_until_complete(net.loop, [&]() -> awaitable<std::string> {
    const Stream stream = co_await twinwire::open_connection(net.loop, "server", 80);
    stream.writer.transport().pause_reading();
    stream.writer.transport().set_write_buffer_limits(0);
    stream.writer.write(request + std::string(1'000'000, 'b'));
    co_await stream.writer.drain();
    stream.writer.transport().resume_reading();
    co_return co_await stream.reader.read_all();
  });
  CHECK(response.starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
}

TEST_CASE("who sends on without end behind a refusal, or does not end the connection, is not waited for") {
  Limits limits;
  limits.discarded_bytes_max = 100'000;
  Net net(limits);
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const auto begin = [&]() -> awaitable<Stream> {
      Stream stream = co_await twinwire::open_connection(net.loop, "server", 80);
      stream.writer.write("no HTTP\r\n\r\n");
      co_return stream;
    };
    const Stream talker = co_await begin();
    talker.writer.write(std::string(1'000'000, 'b'));
    const Stream waiter = co_await begin();
    co_await twinwire::sleep_for(net.loop, 1s);
    CHECK(net.acceptor.server().connections() == 1);
    co_await twinwire::sleep_for(net.loop, limits.discard_time_max);
    CHECK(net.acceptor.server().connections() == 0);
  });
}

TEST_CASE("of two requests in one piece both are answered, in their order") {
  Net net;
  const std::string both =
      said_to(net, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /a/ HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::size_t first = both.find("\r\n\r\nhome");
  REQUIRE(first != std::string::npos);
  CHECK(both.find("\r\n\r\nbelow", first) != std::string::npos);
}

/// How a connection ends that nothing is asked on.
awaitable<twinwire::error_code> end_of(Net& net) {
  const Stream stream = co_await twinwire::open_connection(net.loop, "server", 80);
  const auto nothing = co_await twinwire::as_result(stream.reader.read_all());
  co_return nothing ? twinwire::error_code() : nothing.error().code();
}

TEST_CASE("one connection more than allowed is reset, and one that ends makes room") {
  Limits limits;
  limits.connections_max = 1;
  Net net(limits);
  const std::string request = "GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n";
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const Stream first = co_await twinwire::open_connection(net.loop, "server", 80);
    const twinwire::error_code second = co_await end_of(net);
    CHECK(second == twinwire::errc::connection_reset);
    first.writer.write(request);
    const std::string page = co_await first.reader.read_all();
    CHECK(page.ends_with("home"));
  });
  CHECK(said_to(net, request).ends_with("home"));
}

TEST_CASE("who leaves the end of a last response untaken is counted, and then forgotten") {
  Limits limits;
  limits.connections_max = 1;
  Net net(limits);
  const std::string request = "GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n";
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const Stream stream = co_await twinwire::open_connection(net.loop, "server", 80);
    stream.writer.write("GET /large.bin HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n");
    co_await stream.reader.read_exactly(large_size - 60'000);
    stream.writer.transport().pause_reading();
    co_await twinwire::sleep_for(net.loop, 10s);
    CHECK(net.acceptor.server().connections() == 1);
    const twinwire::error_code second = co_await end_of(net);
    CHECK(second == twinwire::errc::connection_reset);
    co_await twinwire::sleep_for(net.loop, limits.response_time_max);
    CHECK(net.acceptor.server().connections() == 0);
  });
  CHECK(said_to(net, request).ends_with("home"));
}

TEST_CASE("visitors see what they must see, whatever the network does") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    twinwire::sim::World world(seed, scenario_world());
    CHECK_NOTHROW(run_scenario(world));
  }
}

TEST_CASE("the same seed gives the same run, TLS included") {
  examples::check_that_seeds_repeat(scenario_world(),
                                    [](twinwire::sim::World& world) { run_scenario(world); });
}

}  // namespace
}  // namespace https
