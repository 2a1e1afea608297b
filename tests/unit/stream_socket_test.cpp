// A socket for code that is written against Asio: what it promises to such code, on both backends.
#include "loops.hpp"
#include "witness.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/asio/stream_socket.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto as_result = asio::as_tuple(use_awaitable);

/// Both ends of a connection.
struct Pair {
  explicit Pair(Loop& loop) : client(loop), server(loop) {}
  stream_socket client;
  stream_socket server;
};

awaitable<Pair> connected(Loop& loop) {
  Pair pair(loop);
  socket_acceptor acceptor(loop);
  const ServerOptions where("127.0.0.1", 0);
  co_await acceptor.async_listen(where, use_awaitable);
  const ConnectOptions there("127.0.0.1", acceptor.port());
  co_await pair.client.async_connect(there, use_awaitable);
  pair.server = co_await acceptor.async_accept(use_awaitable);
  co_return pair;
}

// --- as Asio's own ---

TEMPLATE_TEST_CASE("Asio's composed operations run over a stream socket", "", SimLoop, RealLoop) {
  TestType here;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(here.loop);
    const auto answer = [&]() -> awaitable<void> {
      std::string line;
      const std::size_t size =
          co_await asio::async_read_until(pair.server, asio::dynamic_buffer(line), '\n', use_awaitable);
      CHECK(line.substr(0, size) == "how long am I?\n");
      const std::string first = std::to_string(size);
      const std::string second(100'000, '.');
      const std::vector<asio::const_buffer> buffers{asio::buffer(first), {}, asio::buffer(second)};
      const std::size_t written = co_await asio::async_write(pair.server, buffers, use_awaitable);
      CHECK(written == 100'002);
      pair.server.shutdown(stream_socket::shutdown_send);
    };
    const auto ask = [&]() -> awaitable<void> {
      co_await asio::async_write(pair.client, asio::buffer("how long am I?\n", 15), use_awaitable);
      std::string all;
      const auto [error, size] =
          co_await asio::async_read(pair.client, asio::dynamic_buffer(all), asio::transfer_all(), as_result);
      CHECK(error == asio::error::eof);
      CHECK(size == 100'002);
      CHECK(all.substr(0, 3) == "15.");
    };
    co_await (answer() && ask());
    CHECK(pair.client.remote_endpoint() == pair.server.local_endpoint());
  });
}

TEMPLATE_TEST_CASE("completion handlers run from the loop, through their own executor", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  std::optional<Pair> pair;
  run_until_complete(loop, [&]() -> awaitable<void> { pair = co_await connected(loop); });
  auto strand = asio::make_strand(loop.get_executor());
  std::string order;
  char buffer[16];
  pair->server.async_read_some(asio::buffer(buffer),
                               asio::bind_executor(strand, [&](error_code error, std::size_t size) {
                                 CHECK_FALSE(error);
                                 CHECK(std::string(buffer, size) == "word");
                                 CHECK(strand.running_in_this_thread());
                                 order += " read";
                                 loop.stop();
                               }));
  pair->client.async_write_some(asio::buffer("word", 4), [&](error_code error, std::size_t size) {
    CHECK_FALSE(error);
    CHECK(size == 4);
    order += " written";
  });
  order += "begun";
  loop.run_forever();
  CHECK(order.find("begun") == 0);
  CHECK(order.find(" written") != std::string::npos);
  CHECK(order.find(" read") != std::string::npos);
}

/// Counts what is taken from it and not given back.
template <class T>
struct Counting {
  using value_type = T;
  explicit Counting(int& all, int& now) : taken(&all), held(&now) {}
  template <class U>
  Counting(const Counting<U>& other) : taken(other.taken), held(other.held) {}
  T* allocate(std::size_t count) {
    ++*taken;
    ++*held;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) {
    --*held;
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const Counting&) const = default;
  int* taken;
  int* held;
};

TEMPLATE_TEST_CASE("a handler's allocator is used, and has its memory back when the handler runs", "",
                   SimLoop, RealLoop) {
  TestType here;
  std::optional<Pair> pair;
  run_until_complete(here.loop, [&]() -> awaitable<void> { pair = co_await connected(here.loop); });
  int taken = 0;
  int held = 0;
  int held_in_handler = -1;
  char buffer[16];
  pair->server.async_read_some(
      asio::buffer(buffer), asio::bind_allocator(Counting<char>(taken, held), [&](error_code, std::size_t) {
        held_in_handler = held;
        here.loop.stop();
      }));
  CHECK(taken == 1);
  CHECK(held == 1);
  pair->client.async_write_some(asio::buffer("x", 1), [](error_code, std::size_t) {});
  here.loop.run_forever();
  CHECK(held_in_handler == 0);
}

TEMPLATE_TEST_CASE("a socket has a default token, and goes to another executor", "", SimLoop, RealLoop) {
  TestType here;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(here.loop);
    using Awaiting = asio::use_awaitable_t<>::as_default_on_t<stream_socket>;
    Awaiting client(std::move(pair.client));
    CHECK(client.is_open());
    basic_stream_socket<asio::any_io_executor> server(std::move(pair.server));
    CHECK(&loop_of(server.get_executor()) == &here.loop);
    co_await client.async_write_some(asio::buffer("word", 4));
    char buffer[16];
    auto later = server.async_read_some(asio::buffer(buffer), asio::deferred);
    const std::size_t size = co_await std::move(later)(use_awaitable);
    CHECK(size == 4);
  });
}

// --- ends and errors ---

TEMPLATE_TEST_CASE("errors are those that Asio's users compare with", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    char buffer[16];
    stream_socket socket(loop);
    const auto [unconnected, none] = co_await socket.async_read_some(asio::buffer(buffer), as_result);
    CHECK(unconnected == asio::error::bad_descriptor);

    Pair gone = co_await connected(loop);
    const ConnectOptions nobody("127.0.0.1", gone.client.local_endpoint()->port());
    const auto [refused] = co_await socket.async_connect(nobody, as_result);
    CHECK(refused == asio::error::connection_refused);
    ConnectOptions nonsense("127.0.0.1", 1);
    nonsense.sock = NativeHandle{0};
    const auto [invalid] = co_await socket.async_connect(nonsense, as_result);
    CHECK(invalid == asio::error::invalid_argument);

    gone.server.abort();
    const auto [reset, nothing] = co_await gone.client.async_read_some(asio::buffer(buffer), as_result);
    CHECK(reset == asio::error::connection_reset);
    const auto [again, nothing_again] =
        co_await gone.client.async_write_some(asio::buffer(buffer), as_result);
    CHECK(again == asio::error::connection_reset);

    Pair ended = co_await connected(loop);
    ended.server.close();
    for (int i = 0; i < 2; ++i) {
      const auto [end, zero] = co_await ended.client.async_read_some(asio::buffer(buffer), as_result);
      CHECK(end == asio::error::eof);
      CHECK(zero == 0);
    }
    ended.client.shutdown(stream_socket::shutdown_send);
    const auto [broken, no_bytes] = co_await ended.client.async_write_some(asio::buffer(buffer), as_result);
    CHECK(broken == asio::error::broken_pipe);
    ended.client.close();
    CHECK_FALSE(ended.client.is_open());
    const auto [closed, no_more] = co_await ended.client.async_write_some(asio::buffer(buffer), as_result);
    CHECK(closed == asio::error::bad_descriptor);
  });
}

TEMPLATE_TEST_CASE("a second read is refused, and closing ends the first", "", SimLoop, RealLoop) {
  TestType here;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(here.loop);
    char buffer[16];
    error_code first;
    pair.server.async_read_some(asio::buffer(buffer), [&](error_code error, std::size_t) { first = error; });
    const auto [second, none] = co_await pair.server.async_read_some(asio::buffer(buffer), as_result);
    CHECK(second == asio::error::already_started);
    CHECK_FALSE(first);
    pair.server.close();
    co_await sleep_for(here.loop, 0s);
    CHECK(first == asio::error::operation_aborted);
  });
}

TEMPLATE_TEST_CASE("a read that is cancelled has read nothing", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(loop);
    char buffer[16];
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
      asio::cancellation_signal signal;
      error_code error;
      pair.server.async_read_some(
          asio::buffer(buffer),
          asio::bind_cancellation_slot(signal.slot(), [&](error_code why, std::size_t) { error = why; }));
      signal.emit(type);
      CHECK_FALSE(error);
      co_await sleep_for(loop, 0s);
      CHECK(error == asio::error::operation_aborted);
    }
    co_await asio::async_write(pair.client, asio::buffer("all of it", 9), use_awaitable);
    co_await sleep_for(loop, 1ms);  // it has arrived, and nobody has asked for it
    try {
      co_await with_timeout(1ms, asio::async_read(pair.server, asio::buffer(buffer), use_awaitable));
      FAIL("there were 16 bytes");
    } catch (const OperationError& error) {
      CHECK(error.code() == errc::timed_out);
    }
    CHECK(std::string(buffer, 9) == "all of it");
    co_await asio::async_write(pair.client, asio::buffer("more", 4), use_awaitable);
    const std::size_t size = co_await pair.server.async_read_some(asio::buffer(buffer), use_awaitable);
    CHECK(std::string(buffer, size) == "more");
  });
}

TEMPLATE_TEST_CASE("a write waits for a reader, and sends nothing when it is cancelled", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(loop);
    const std::string block(100'000, 'x');
    std::size_t handed_over = 0;
    bool waits = false;
    while (!waits) {
      try {
        const std::size_t size =
            co_await with_timeout(10ms, pair.client.async_write_some(asio::buffer(block), use_awaitable));
        CHECK(size <= 65'536);
        handed_over += size;
        REQUIRE(handed_over < 100'000'000);
      } catch (const OperationError& error) {
        CHECK(error.code() == errc::timed_out);
        waits = true;
      }
    }
    error_code first;
    pair.client.async_write_some(asio::buffer(block), [&](error_code why, std::size_t) { first = why; });
    const auto [second, none] = co_await pair.client.async_write_some(asio::buffer(block), as_result);
    CHECK(second == asio::error::already_started);
    CHECK_FALSE(first);
    pair.client.cancel();
    co_await sleep_for(loop, 0s);
    CHECK(first == asio::error::operation_aborted);
    // What nobody takes is buffered once at most.
    CHECK(pair.client.transport().get_write_buffer_size() <= 65'536);
    pair.client.close();  // and yet everything arrives
    std::size_t arrived = 0;
    std::string buffer(1 << 20, '\0');
    for (;;) {
      const auto [error, size] = co_await pair.server.async_read_some(asio::buffer(buffer), as_result);
      arrived += size;
      if (error) {
        CHECK(error == asio::error::eof);
        break;
      }
    }
    CHECK(arrived == handed_over);
  });
}

TEMPLATE_TEST_CASE("a write that waits learns how the connection ended", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    Pair pair = co_await connected(loop);
    const std::string block(65'536, 'x');
    error_code error;
    const auto flood = [&]() -> awaitable<void> {
      while (!error) {
        const auto [why, size] = co_await pair.client.async_write_some(asio::buffer(block), as_result);
        error = why;
      }
    };
    const auto reset = [&]() -> awaitable<void> {
      co_await sleep_for(loop, 50ms);
      pair.server.abort();
    };
    co_await (flood() && reset());
    CHECK((error == asio::error::connection_reset || error == asio::error::broken_pipe));
  });
}

// --- connecting and accepting ---

TEMPLATE_TEST_CASE("connections wait for their accept in order, and accepts for theirs", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    socket_acceptor acceptor(loop);
    const auto [too_early, no_socket] = co_await acceptor.async_accept(as_result);
    CHECK(too_early == asio::error::bad_descriptor);
    const ServerOptions where("127.0.0.1", 0);
    co_await acceptor.async_listen(where, use_awaitable);
    const auto [twice] = co_await acceptor.async_listen(where, as_result);
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
    co_await sleep_for(loop, 5ms);
    CHECK(accepted == std::vector{early.local_endpoint(), late.local_endpoint()});

    stream_socket unwanted(loop);
    co_await unwanted.async_connect(there, use_awaitable);
    co_await sleep_for(loop, 5ms);
    error_code pending;
    acceptor.close();
    const auto [error, socket] = co_await acceptor.async_accept(as_result);
    CHECK(error == asio::error::bad_descriptor);
    char buffer[1];
    const auto [reset, size] = co_await unwanted.async_read_some(asio::buffer(buffer), as_result);
    CHECK(reset == asio::error::connection_reset);
    // What was accepted was dropped by the handler, and so closed.
    const auto [end, none] = co_await early.async_read_some(asio::buffer(buffer), as_result);
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
    const auto [connected] = co_await socket.async_connect(again, as_result);
    CHECK(connected == asio::error::already_connected);
  });
}

TEMPLATE_TEST_CASE("sockets and acceptors are for Unix paths, too", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const std::string name = abstract_path("twinwire.stream_socket_test");
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

// --- the end of everything ---

/// A server whose connections echo, and clients that wait for a read, a write, an accept and a connect.
void start_all(Loop& loop) {
  spawn(
      loop,
      [&loop]() -> awaitable<void> {
        const Witness witness;
        socket_acceptor acceptor(loop);
        const ServerOptions where("127.0.0.1", 4000);
        co_await acceptor.async_listen(where, use_awaitable);
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
        [&loop, writes]() -> awaitable<void> {
          const Witness witness;
          co_await sleep_for(loop, 1ms);
          stream_socket socket(loop);
          const ConnectOptions there("127.0.0.1", 4000);
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
      run_until_complete(here.loop, sleep_for(here.loop, 20ms));
      CHECK(Witness::alive == 5);
      if (close) {
        here.loop.close();
        CHECK(Witness::alive == 0);
      }
    }
    CHECK(Witness::alive == 0);
  }
}

TEST_CASE("sockets may be destroyed after their loop") {
  std::optional<Pair> pair;
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
      Pair pair = co_await connected(loop);
      const auto write = [&]() -> awaitable<void> {
        co_await asio::async_write(pair.client, asio::buffer(sent), use_awaitable);
        pair.client.shutdown(stream_socket::shutdown_send);
      };
      const auto read = [&]() -> awaitable<void> {
        std::string buffer(1 + seed * 7, '\0');
        for (;;) {
          const auto [error, size] = co_await pair.server.async_read_some(asio::buffer(buffer), as_result);
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
