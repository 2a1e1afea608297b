// Acceptors and connecting for code that is written against Asio, and what is left when a loop ends.
#include "loops.hpp"
#include "socket_pair.hpp"
#include "witness.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

// --- connecting and accepting ---

TEMPLATE_TEST_CASE("connections wait for their accept in order, and accepts for theirs", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    socket_acceptor acceptor(loop);
    const auto [too_early, no_socket] = co_await acceptor.async_accept(with_error);
    CHECK(too_early == asio::error::bad_descriptor);
    const ServerOptions where("127.0.0.1", 0);
    co_await acceptor.async_listen(where, use_awaitable);
    const auto [twice] = co_await acceptor.async_listen(where, with_error);
    CHECK(twice == asio::error::already_open);
    const ConnectOptions there("127.0.0.1", acceptor.port());

    stream_socket early(loop);
    stream_socket late(loop);
    co_await early.async_connect(there, use_awaitable);
    co_await sleep_for(loop, 5ms);
    std::vector<std::optional<Address>> accepted;
    for (int i = 0; i < 2; ++i) {
      acceptor.async_accept([&](error_code error, const stream_socket& socket) {
        CHECK_FALSE(error);
        accepted.push_back(socket.remote_endpoint());
      });
    }
    co_await late.async_connect(there, use_awaitable);
    for (int i = 0; i < 10'000 && accepted.size() < 2; ++i) co_await sleep_for(loop, 1ms);
    CHECK(accepted == std::vector{early.local_endpoint(), late.local_endpoint()});

    stream_socket unwanted(loop);
    co_await unwanted.async_connect(there, use_awaitable);
    co_await sleep_for(loop, 5ms);
    acceptor.close();
    const auto [error, socket] = co_await acceptor.async_accept(with_error);
    CHECK(error == asio::error::bad_descriptor);
    char buffer[1];
    const auto [reset, size] = co_await unwanted.async_read_some(asio::buffer(buffer), with_error);
    CHECK(reset == asio::error::connection_reset);
    // What was accepted was dropped by the handler, and so closed.
    const auto [end, none] = co_await early.async_read_some(asio::buffer(buffer), with_error);
    CHECK(end == asio::error::eof);
  });
}

TEMPLATE_TEST_CASE("an accept and a connect can be cancelled", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    socket_acceptor acceptor(loop);
    const ServerOptions where("127.0.0.1", 0);
    co_await acceptor.async_listen(where, use_awaitable);
    std::vector<error_code> errors;
    acceptor.async_accept([&](error_code error, const stream_socket& socket) {
      errors.push_back(error);
      CHECK_FALSE(socket.remote_endpoint());
    });
    acceptor.cancel();
    stream_socket socket(loop);
    socket.async_connect(ConnectOptions("127.0.0.1", acceptor.port()),
                         [&](error_code error) { errors.push_back(error); });
    socket.close();
    co_await sleep_for(loop, 5ms);
    CHECK(errors == std::vector<error_code>(2, asio::error::operation_aborted));
    const ConnectOptions again("127.0.0.1", acceptor.port());
    co_await socket.async_connect(again, use_awaitable);
    const auto [connected] = co_await socket.async_connect(again, with_error);
    CHECK(connected == asio::error::already_connected);
  });
}

TEMPLATE_TEST_CASE("sockets and acceptors are for Unix paths, too", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const std::string name = abstract_path("twinwire." + std::to_string(::getpid()));
    socket_acceptor acceptor(loop);
    const UnixServerOptions where(name);
    co_await acceptor.async_listen(where, use_awaitable);
    stream_socket client(loop);
    const UnixConnectOptions there(name);
    co_await client.async_connect(there, use_awaitable);
    stream_socket server = co_await acceptor.async_accept(use_awaitable);
    co_await asio::async_write(client, asio::buffer("word", 4), use_awaitable);
    char buffer[4];
    co_await asio::async_read(server, asio::buffer(buffer), use_awaitable);
    CHECK(std::string(buffer, 4) == "word");
  });
}

TEST_CASE("connections that nobody accepts are reset beyond a limit") {
  constexpr int limit = 4096;
  constexpr int beyond = 5;
  sim::WorldOptions options;
  options.host.max_descriptors = 3 * limit;
  sim::World world(1, options);
  Loop& loop = world.add_host("server").loop();
  Loop& clients = world.add_host("clients").loop();
  socket_acceptor acceptor(loop);
  ServerOptions where("", 80);
  where.backlog = 2 * limit;
  acceptor.async_listen(where, [](error_code) {});
  world.run_for(1s);
  int reset = 0;
  struct Client final : Protocol {
    explicit Client(int& count) : count(count) {}
    void data_received(Bytes) override {}
    void connection_lost(error_code error) override { count += error == errc::connection_reset ? 1 : 0; }
    int& count;
  };
  for (int i = 0; i < limit + beyond; ++i) {
    clients.create_connection([&reset] { return std::make_shared<Client>(reset); }, {"server", 80},
                              [](auto, auto) {});
  }
  world.run_for(10s);
  CHECK(reset == beyond);
}

// --- the end of everything ---

/// A server whose connections echo, and clients that wait for a read, a write, an accept and a connect.
void start_all(Loop& loop) {
  const auto port = std::make_shared<int>(0);
  spawn(
      loop,
      [&loop, port]() -> awaitable<void> {
        const Witness witness;
        socket_acceptor acceptor(loop);
        const ServerOptions where("127.0.0.1", 0);
        co_await acceptor.async_listen(where, use_awaitable);
        *port = acceptor.port();
        for (;;) {
          // The handler owns the socket, which owns the read, which owns the handler.
          auto socket = std::make_shared<stream_socket>(co_await acceptor.async_accept(use_awaitable));
          auto buffer = std::make_shared<std::string>(2'000'000, '\0');
          auto held = std::make_shared<Witness>();
          asio::async_read(*socket, asio::buffer(*buffer),
                           [socket, buffer, held](error_code, std::size_t) {});
        }
      },
      "server");
  for (const bool writes : {false, true}) {
    spawn(
        loop,
        [&loop, port, writes]() -> awaitable<void> {
          const Witness witness;
          while (*port == 0) co_await sleep_for(loop, 1ms);
          stream_socket socket(loop);
          const ConnectOptions there("127.0.0.1", *port);
          co_await socket.async_connect(there, use_awaitable);
          std::string data(1'000'000, 'x');
          if (writes) co_await asio::async_write(socket, asio::buffer(data), use_awaitable);
          co_await socket.async_read_some(asio::buffer(data), use_awaitable);
        },
        "client");
  }
}

TEST_CASE("a world that is destroyed at any moment leaves nothing of Asio's users behind") {
  for (int steps = 0; steps < 55; ++steps) {
    INFO(steps << " steps");
    {
      sim::World world(static_cast<std::uint64_t>(steps));
      start_all(world.add_host("host").loop());
      for (int i = 0; i < steps; ++i) REQUIRE(world.step());
    }
    CHECK(Witness::alive == 0);
  }
}

TEMPLATE_TEST_CASE("a loop that goes or is closed leaves nothing of Asio's users behind", "", SimLoop,
                   RealLoop) {
  for (const bool close : {false, true}) {
    {
      TestType here;
      start_all(here.loop);
      run_until_complete(here.loop, all_to_live(here.loop, 5));
      if (close) {
        here.loop.close();
        CHECK(Witness::alive == 0);
      }
    }
    CHECK(Witness::alive == 0);
  }
}

TEST_CASE("sockets may be destroyed after their loop") {
  std::optional<SocketPair> pair;
  {
    SimLoop here;
    run_until_complete(here.loop, [&]() -> awaitable<void> { pair = co_await connected(here.loop); });
  }
  CHECK_FALSE(pair->client.remote_endpoint());
  pair.reset();
}

// --- the simulated network in between ---

TEST_CASE("what is read is what was written, however the network cuts it") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    sim::WorldOptions options;
    options.loopback = sim::LinkOptions::rough();
    sim::World world(seed, options);
    Loop& loop = world.add_host("host").loop();
    std::string sent;
    for (int i = 0; i < 3000; ++i) sent += std::to_string(i) + ' ';
    std::string received;
    run_until_complete(loop, [&]() -> awaitable<void> {
      SocketPair pair = co_await connected(loop);
      const auto write = [&]() -> awaitable<void> {
        co_await asio::async_write(pair.client, asio::buffer(sent), use_awaitable);
        pair.client.shutdown(stream_socket::shutdown_send);
      };
      const auto read = [&]() -> awaitable<void> {
        std::string buffer(1 + seed * 7, '\0');
        for (;;) {
          const auto [error, size] = co_await pair.server.async_read_some(asio::buffer(buffer), with_error);
          received.append(buffer, 0, size);
          if (error) break;
        }
      };
      co_await (write() && read());
    });
    CHECK(received == sent);
  }
}

}  // namespace
}  // namespace twinwire
