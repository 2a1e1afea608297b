// A socket for code that is written against Asio: what it promises to such code, on both backends.
#include "loops.hpp"
#include "socket_pair.hpp"

#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// --- as Asio's own ---

TEMPLATE_TEST_CASE("Asio's composed operations run over a stream socket", "", SimLoop, RealLoop) {
  TestType here;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    SocketPair pair = co_await connected(here.loop);
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
          co_await asio::async_read(pair.client, asio::dynamic_buffer(all), asio::transfer_all(), with_error);
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
  std::optional<SocketPair> pair;
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
  std::optional<SocketPair> pair;
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
    SocketPair pair = co_await connected(here.loop);
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
    const auto [unconnected, none] = co_await socket.async_read_some(asio::buffer(buffer), with_error);
    CHECK(unconnected == asio::error::bad_descriptor);

    SocketPair gone = co_await connected(loop);
    const ConnectOptions nobody("127.0.0.1", gone.client.local_endpoint()->port());
    const auto [refused] = co_await socket.async_connect(nobody, with_error);
    CHECK(refused == asio::error::connection_refused);
    ConnectOptions nonsense("127.0.0.1", 1);
    nonsense.sock = NativeHandle{0};
    const auto [invalid] = co_await socket.async_connect(nonsense, with_error);
    CHECK(invalid == asio::error::invalid_argument);

    gone.server.abort();
    const auto [reset, nothing] = co_await gone.client.async_read_some(asio::buffer(buffer), with_error);
    CHECK(reset == asio::error::connection_reset);
    const auto [again, nothing_again] =
        co_await gone.client.async_write_some(asio::buffer(buffer), with_error);
    CHECK(again == asio::error::connection_reset);

    SocketPair ended = co_await connected(loop);
    ended.server.close();
    for (int i = 0; i < 2; ++i) {
      const auto [end, zero] = co_await ended.client.async_read_some(asio::buffer(buffer), with_error);
      CHECK(end == asio::error::eof);
      CHECK(zero == 0);
    }
    ended.client.shutdown(stream_socket::shutdown_send);
    const auto [broken, no_bytes] = co_await ended.client.async_write_some(asio::buffer(buffer), with_error);
    CHECK(broken == asio::error::broken_pipe);
    ended.client.close();
    CHECK_FALSE(ended.client.is_open());
    const auto [closed, no_more] = co_await ended.client.async_write_some(asio::buffer(buffer), with_error);
    CHECK(closed == asio::error::bad_descriptor);
  });
}

TEMPLATE_TEST_CASE("a second read is refused, and closing ends the first", "", SimLoop, RealLoop) {
  TestType here;
  run_until_complete(here.loop, [&]() -> awaitable<void> {
    SocketPair pair = co_await connected(here.loop);
    char buffer[16];
    error_code first;
    pair.server.async_read_some(asio::buffer(buffer), [&](error_code error, std::size_t) { first = error; });
    const auto [second, none] = co_await pair.server.async_read_some(asio::buffer(buffer), with_error);
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
    SocketPair pair = co_await connected(loop);
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
      co_await with_timeout(300ms, asio::async_read(pair.server, asio::buffer(buffer), use_awaitable));
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
    SocketPair pair = co_await connected(loop);
    const std::string block(100'000, 'x');
    std::size_t handed_over = 0;
    bool waits = false;
    while (!waits) {
      try {
        const std::size_t size =
            co_await with_timeout(300ms, pair.client.async_write_some(asio::buffer(block), use_awaitable));
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
    const auto [second, none] = co_await pair.client.async_write_some(asio::buffer(block), with_error);
    CHECK(second == asio::error::already_started);
    CHECK_FALSE(first);
    pair.client.cancel();
    co_await sleep_for(loop, 0s);
    CHECK(first == asio::error::operation_aborted);
    // Ending the direction is not for later than a write that waits.
    pair.client.async_write_some(asio::buffer(block), [&](error_code why, std::size_t) { first = why; });
    pair.client.shutdown(stream_socket::shutdown_send);
    co_await sleep_for(loop, 0s);
    CHECK(first == asio::error::broken_pipe);
    // What nobody takes is buffered once at most.
    CHECK(pair.client.transport().get_write_buffer_size() <= 65'536);
    pair.client.close();  // and yet everything arrives
    std::size_t arrived = 0;
    std::string buffer(1 << 20, '\0');
    for (;;) {
      const auto [error, size] = co_await pair.server.async_read_some(asio::buffer(buffer), with_error);
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
    SocketPair pair = co_await connected(loop);
    const std::string block(65'536, 'x');
    error_code error;
    const auto flood = [&]() -> awaitable<void> {
      while (!error) {
        const auto [why, size] = co_await pair.client.async_write_some(asio::buffer(block), with_error);
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

}  // namespace
}  // namespace twinwire
