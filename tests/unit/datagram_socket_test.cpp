// A datagram socket for code that is written against Asio, on both backends.
#include "loops.hpp"
#include "witness.hpp"

#include <twinwire/net/asio/datagram_socket.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto with_error = asio::as_tuple(use_awaitable);

awaitable<datagram_socket> bound(Loop& loop) {
  datagram_socket socket(loop);
  DatagramOptions options;
  options.local_addr = {"127.0.0.1", 0};
  co_await socket.async_open(options, use_awaitable);
  co_return socket;
}

awaitable<datagram_socket> connected_to(Loop& loop, Address there) {
  datagram_socket socket(loop);
  DatagramOptions options;
  options.remote_addr = {there.host(), there.port()};
  co_await socket.async_open(options, use_awaitable);
  co_return socket;
}

TEMPLATE_TEST_CASE("datagrams go to and fro", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    datagram_socket server = co_await bound(loop);
    datagram_socket client = co_await connected_to(loop, *server.local_endpoint());
    CHECK(client.remote_endpoint() == server.local_endpoint());
    std::array<char, 16> space{};
    Address sender;
    // The receive that waits, then the send; and the send first, for which nobody waits.
    std::size_t received = 0;
    server.async_receive_from(asio::buffer(space), sender, [&](error_code error, std::size_t size) {
      CHECK_FALSE(error);
      received = size;
    });
    const std::array<asio::const_buffer, 2> pieces{asio::buffer("two ", 4), asio::buffer("pieces", 6)};
    const std::size_t sent = co_await client.async_send(pieces, use_awaitable);
    CHECK(sent == 10);
    for (int i = 0; i < 10'000 && received == 0; ++i) co_await sleep_for(loop, 1ms);
    CHECK(std::string(space.data(), received) == "two pieces");
    CHECK(sender == client.local_endpoint());
    for (const char* text : {"first", "", "a third that is too long for them"}) {
      co_await server.async_send_to(asio::buffer(std::string_view(text)), sender, use_awaitable);
    }
    co_await sleep_for(loop, 5ms);
    for (const std::size_t expected : {5, 0, 16}) {
      const std::size_t size = co_await client.async_receive(asio::buffer(space), use_awaitable);
      CHECK(size == expected);
    }
    CHECK(std::string(space.data(), 16) == "a third that is ");
  });
}

TEMPLATE_TEST_CASE("what cannot be sent is told to whoever sends", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const std::string large(70'000, 'x');
    datagram_socket unopened(loop);
    const auto [closed, none] = co_await unopened.async_send(asio::buffer(large), with_error);
    CHECK(closed == asio::error::bad_descriptor);
    datagram_socket server = co_await bound(loop);
    const Address there = *server.local_endpoint();
    datagram_socket client = co_await connected_to(loop, there);
    const auto [size_error, nothing] = co_await client.async_send(asio::buffer(large), with_error);
    CHECK(size_error == asio::error::message_size);
    CHECK(nothing == 0);
    const auto [nowhere, no_byte] = co_await server.async_send(asio::buffer("x", 1), with_error);
    CHECK(nowhere == errc::destination_address_required);
    const auto [elsewhere, no_bytes] =
        co_await client.async_send_to(asio::buffer("x", 1), there.with_port(1), with_error);
    CHECK(elsewhere == asio::error::already_connected);
    // What comes back later is told to whoever is there: still the send, or the next one to ask.
    server.close();
    co_await sleep_for(loop, 1ms);  // its port is free in the next turn
    auto [refused, sent] = co_await client.async_send(asio::buffer("x", 1), with_error);
    char space[1];
    if (!refused) std::tie(refused, sent) = co_await client.async_receive(asio::buffer(space), with_error);
    CHECK(refused == asio::error::connection_refused);
  });
}

TEMPLATE_TEST_CASE("what cannot be sent from inside a receive is told to the send, too", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    datagram_socket server = co_await bound(loop);
    datagram_socket client = co_await connected_to(loop, *server.local_endpoint());
    const DatagramTransport asking = client.transport();
    loop.call_later(1ms, [asking] { asking.sendto("question"); });
    std::array<char, 16> space{};
    Address sender;
    co_await server.async_receive_from(asio::buffer(space), sender, use_awaitable);
    const std::string large(70'000, 'x');
    const auto [error, sent] = co_await server.async_send_to(asio::buffer(large), sender, with_error);
    CHECK(error == asio::error::message_size);
    loop.call_later(1ms, [asking] { asking.sendto("another"); });
    const auto [none, size] = co_await server.async_receive_from(asio::buffer(space), sender, with_error);
    CHECK_FALSE(none);
    CHECK(size == 7);
  });
}

TEMPLATE_TEST_CASE("a datagram operation can be cancelled, and a second one is refused", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    datagram_socket socket = co_await bound(loop);
    char space[8];
    error_code told;
    const auto tell = [&](error_code error, std::size_t) { told = error; };
    socket.async_receive(asio::buffer(space), tell);
    const auto [second, none] = co_await socket.async_receive(asio::buffer(space), with_error);
    CHECK(second == asio::error::already_started);
    socket.cancel();
    CHECK_FALSE(told);
    co_await sleep_for(loop, 0s);
    CHECK(told == asio::error::operation_aborted);
    // Nothing was lost by it.
    const Address here_too = *socket.local_endpoint();
    co_await socket.async_send_to(asio::buffer("to me", 5), here_too, use_awaitable);
    const std::size_t size = co_await socket.async_receive(asio::buffer(space), use_awaitable);
    CHECK(size == 5);
    told = {};
    socket.async_receive(asio::buffer(space), tell);
    socket.close();
    co_await sleep_for(loop, 0s);
    CHECK(told == asio::error::operation_aborted);
    CHECK_FALSE(socket.is_open());
    DatagramOptions again;
    again.local_addr = {"127.0.0.1", 0};
    co_await socket.async_open(again, use_awaitable);
    CHECK(socket.is_open());
    const auto [twice] = co_await socket.async_open(again, with_error);
    CHECK(twice == asio::error::already_open);
  });
}

TEMPLATE_TEST_CASE("what nobody receives is dropped beyond a limit", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    datagram_socket socket = co_await bound(loop);
    const Address there = *socket.local_endpoint();
    const std::string large(10'000, 'x');
    // Twenty-one of them, with 64 bytes each, are within 212,992 bytes.
    for (std::uint64_t i = 0; i < 40; ++i) {
      co_await socket.async_send_to(asio::buffer(large), there, use_awaitable);
      co_await sleep_for(loop, 1ms);
      for (int k = 0; k < 10'000 && i >= 21 && socket.dropped() < i - 20; ++k) co_await sleep_for(loop, 1ms);
      CHECK(socket.dropped() == (i < 21 ? 0 : i - 20));
    }
    std::string space(20'000, '\0');
    for (int i = 0; i < 21; ++i) {
      const std::size_t size = co_await socket.async_receive(asio::buffer(space), use_awaitable);
      CHECK(size == 10'000);
    }
    co_await socket.async_send_to(asio::buffer(large), there, use_awaitable);
    const std::size_t size = co_await socket.async_receive(asio::buffer(space), use_awaitable);
    CHECK(size == 10'000);
  });
}

TEMPLATE_TEST_CASE("a loop that goes or is closed lets go of a receive", "", SimLoop, RealLoop) {
  for (const bool close : {false, true}) {
    {
      TestType here;
      run_until_complete(here.loop, [&]() -> awaitable<void> {
        const auto socket = std::make_shared<datagram_socket>(co_await bound(here.loop));
        const auto space = std::make_shared<std::array<char, 8>>();
        const auto witness = std::make_shared<Witness>();
        socket->async_receive(asio::buffer(*space), [socket, space, witness](error_code, std::size_t) {});
      });
      CHECK(Witness::alive == 1);
      if (close) {
        here.loop.close();
        CHECK(Witness::alive == 0);
      }
    }
    CHECK(Witness::alive == 0);
  }
}

}  // namespace
}  // namespace twinwire
