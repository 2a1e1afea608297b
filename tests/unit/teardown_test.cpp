// Loops and worlds that are destroyed while coroutines wait for everything there is to wait for. A coroutine
// owns its stream, the stream what is pending, and that the coroutine: nothing of it may be left.
#include "loops.hpp"
#include "witness.hpp"

#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

/// Sends without an end, so that it waits in drain() for as long as nobody reads.
awaitable<void> flood(StreamReader, StreamWriter writer) {
  const Witness witness;
  for (;;) {
    writer.write(std::string(50'000, 'x'));
    co_await writer.drain();
  }
}

awaitable<void> chatter(StreamReader reader, StreamWriter writer) {
  const Witness witness;
  while (!reader.at_eof()) writer.write(co_await reader.read_line());
}

void start_servers(Loop& loop, const std::string& address, Server& flooding, Server& chatting) {
  spawn(
      loop,
      [&loop, address, &flooding, &chatting]() -> awaitable<void> {
        const Witness witness;
        flooding = co_await start_server(loop, flood, ServerOptions(address, 0));
        chatting = co_await start_server(loop, chatter, ServerOptions(address, 0));
        co_await (wait_closed(flooding) && wait_closed(chatting));
      },
      "servers");
}

/// Many coroutines, each of which waits for something else in the end.
void start_clients(Loop& loop, const std::string& address, const Server& flooding, const Server& chatting) {
  const auto connect = [&loop, address](const Server& server) {
    return open_connection(loop, address, server.port());
  };
  const auto client = [&](auto body) {
    spawn(
        loop,
        [&loop, &chatting, body]() -> awaitable<void> {
          const Witness witness;
          while (!chatting) co_await sleep_for(loop, 2ms);
          co_await body();
        },
        "client");
  };
  client([&, connect]() -> awaitable<void> {
    const Stream stream = co_await connect(chatting);
    for (;;) {
      stream.writer.write("to and fro\n");
      co_await stream.reader.read_line();
    }
  });
  client([&, connect]() -> awaitable<void> {
    const Stream stream = co_await connect(chatting);
    co_await with_timeout(1h, with_timeout(2h, stream.reader.read_exactly(10)));
  });
  client([&, connect]() -> awaitable<void> {
    const Stream stream = co_await connect(flooding);
    co_await (stream.writer.wait_closed() || sleep_for(loop, 24h));
  });
  client([&, connect]() -> awaitable<void> {
    const Stream stream = co_await connect(flooding);
    co_await stream.reader.read_all();
  });
  client([&, connect]() -> awaitable<void> {
    const Stream stream = co_await connect(chatting);
    asio::experimental::channel<void(error_code)> channel(loop.get_executor());
    co_await channel.async_receive(asio::use_awaitable);
  });
  client([&, connect]() -> awaitable<void> {
    // The channel outlives its coroutine's frame, and the frame is owned by what waits in the channel.
    const auto channel = std::make_shared<asio::experimental::channel<void(error_code)>>(loop.get_executor());
    const Stream stream = co_await connect(chatting);
    co_await with_timeout(1h, channel->async_receive(asio::use_awaitable));
  });
  client([&]() -> awaitable<void> {
    const Task other = spawn(
        loop,
        [&loop]() -> awaitable<void> {
          const Witness witness;
          co_await run_in_executor(loop, [] { return 1; });
          co_await sleep_for(loop, 24h);
        },
        "other");
    co_await other.wait();
  });
  asio::co_spawn(
      loop.get_executor(),
      [&, connect]() -> awaitable<void> {
        const Witness witness;
        while (!flooding) co_await sleep_for(loop, 1ms);
        const Stream stream = co_await connect(flooding);
        co_await sleep_for(loop, 24h);
      },
      asio::detached);
}

TEST_CASE("a world that is destroyed at any moment leaves nothing behind") {
  for (int steps = 0; steps < 600; steps += steps < 60 ? 1 : 23) {
    INFO(steps << " steps");
    {
      sim::WorldOptions options;
      options.link.latency = 1ms;
      sim::World world(static_cast<std::uint64_t>(steps), options);
      Loop& server = world.add_host("server").loop();
      Loop& client = world.add_host("client").loop();
      Server flooding;
      Server chatting;
      start_servers(server, "10.0.0.1", flooding, chatting);
      start_clients(client, "10.0.0.1", flooding, chatting);
      for (int i = 0; i < steps; ++i) REQUIRE(world.step());
    }
    CHECK(Witness::alive == 0);
  }
}

TEMPLATE_TEST_CASE("a loop that is destroyed or closed in the middle leaves nothing behind", "", SimLoop,
                   RealLoop) {
  for (const bool close : {false, true}) {
    {
      TestType here;
      Server flooding;
      Server chatting;
      start_servers(here.loop, "127.0.0.1", flooding, chatting);
      start_clients(here.loop, "127.0.0.1", flooding, chatting);
      run_until_complete(here.loop, all_to_live(here.loop, 17));
      if (close) {
        here.loop.close();
        // The coroutines that wait for Asio's own objects were cancelled, too; the detached one had no
        // signal, and was told by its sleep.
        CHECK(Witness::alive == 0);
      }
    }
    CHECK(Witness::alive == 0);
  }
}

TEST_CASE("handles may outlive their loop") {
  Stream stream;
  Server server;
  Task task;
  {
    SimLoop here;
    run_until_complete(here.loop, [&]() -> awaitable<void> {
      server = co_await start_server(here.loop, chatter, ServerOptions("127.0.0.1", 0));
      stream = co_await open_connection(here.loop, "127.0.0.1", server.port());
      task = spawn(here.loop, sleep_for(here.loop, 24h), "sleeper");
    });
  }
  CHECK(task.done());
  task.cancel();
  stream.writer.write("to nobody");
  stream.writer.close();
  CHECK(stream.writer.is_closing());
  CHECK_FALSE(stream.reader.at_eof());
  server.close();
}

}  // namespace
}  // namespace twinwire
