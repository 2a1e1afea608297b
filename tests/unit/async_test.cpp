// The operations of a loop with completion tokens.
#include "loops.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/result.hpp>
#include <twinwire/net/task.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class Silent final : public Protocol {
 public:
  void data_received(Bytes) override {}
};

ProtocolFactory silent() {
  return [] { return std::make_shared<Silent>(); };
}

awaitable<Server> listen(Loop& loop) {
  const ServerOptions options("127.0.0.1", 0);
  return create_server(loop, silent(), options);
}

TEMPLATE_TEST_CASE("operations can be awaited", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const Server server = co_await listen(loop);
    const ConnectOptions options("127.0.0.1", server.port());
    const Connection connection = co_await create_connection(loop, silent(), options);
    CHECK(connection.transport.peername() == server.sockets().at(0).sockname);
    const int product = co_await run_in_executor(loop, [] { return 6 * 7; });
    CHECK(product == 42);
    co_await run_in_executor(loop, [] {});
    const std::vector<Address> addresses = co_await getaddrinfo(loop, "127.0.0.1", 80);
    CHECK(addresses.size() == 1);
    Task serving = spawn(loop, [&]() -> awaitable<void> { co_await serve_forever(server); }, "serving");
    co_await sleep_for(loop, 5ms);
    connection.transport.close();
    serving.cancel();
    co_await serving.wait();
    co_await wait_closed(server);
    CHECK(server.sockets().empty());
  });
  CHECK(loop.pending_operations(true).empty());
}

TEMPLATE_TEST_CASE("what makes an operation fail is thrown where it is awaited", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    const Server server = co_await listen(loop);
    const ConnectOptions options("127.0.0.1", server.port());
    server.close();
    // A failure of the system, one of user code, and misuse of two kinds.
    const auto refused = co_await as_result(create_connection(loop, silent(), options));
    CHECK(refused.error().code() == errc::connection_refused);
    CHECK(refused.error().what().find("connect to 127.0.0.1:") == 0);
    CHECK_THROWS_AS(refused.value(), OperationError);
    CHECK_THROWS_AS(co_await run_in_executor(loop, []() -> int { throw std::out_of_range("mine"); }),
                    std::out_of_range);
    CHECK_THROWS_AS(co_await create_connection(loop, silent(), ConnectOptions()), std::invalid_argument);
    CHECK_THROWS_AS(co_await serve_forever(server), std::logic_error);
    CHECK_THROWS_AS(wait_closed(Server()), std::logic_error);
  });
}

TEMPLATE_TEST_CASE("callbacks are called from the loop, never from inside the call", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  std::string order;
  // Move-only, as a handler may be.
  auto owned = std::make_unique<int>(1);
  sleep_for(loop, 0s, [&, owned = std::move(owned)](const std::exception_ptr& failure) {
    CHECK_FALSE(failure);
    CHECK(loop.in_callback());
    order += 'b';
  });
  create_connection(loop, silent(), ConnectOptions(),
                    [&](const std::exception_ptr& failure, const Connection&) {
                      CHECK_THROWS_AS(std::rethrow_exception(failure), std::invalid_argument);
                      order += 'c';
                      loop.call_later(1ms, [&] { loop.stop(); });
                    });
  order += 'a';
  loop.run_forever();
  CHECK(order.front() == 'a');
  CHECK(order.size() == 3);
}

TEMPLATE_TEST_CASE("a cancellation signal cancels an operation", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  asio::cancellation_signal signal;
  std::exception_ptr outcome;
  sleep_for(loop, 24h, asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure) {
              outcome = std::move(failure);
              loop.stop();
            }));
  CHECK(signal.slot().has_handler());
  signal.emit(asio::cancellation_type::total);
  CHECK_FALSE(outcome);
  loop.run_forever();
  CHECK(error_code_of(outcome) == errc::operation_canceled);
  CHECK_FALSE(signal.slot().has_handler());
  signal.emit(asio::cancellation_type::terminal);
  CHECK(loop.pending_operations(true).empty());
}

TEST_CASE("a future of an operation is fulfilled from the loop's thread") {
  RealLoop here;
  std::future<std::vector<Address>> lookup =
      getaddrinfo(here.loop, "127.0.0.1", 80, ResolveOptions(), asio::use_future);
  std::future<void> sleep = sleep_for(here.loop, 1ms, asio::use_future);
  std::future<Connection> failing =
      create_connection(here.loop, silent(), ConnectOptions(), asio::use_future);
  std::thread thread([&] { here.loop.run_forever(); });
  CHECK(lookup.get().size() == 1);
  sleep.get();
  CHECK_THROWS_AS(failing.get(), std::invalid_argument);
  here.loop.call_soon_threadsafe([&] { here.loop.stop(); });
  thread.join();
}

TEMPLATE_TEST_CASE("a handler runs through its associated executor, which keeps its work", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  asio::io_context other;
  std::thread::id where;
  std::size_t addresses = 0;
  getaddrinfo(loop, "127.0.0.1", 80, ResolveOptions(),
              asio::bind_executor(other, [&](const std::exception_ptr&, const std::vector<Address>& found) {
                where = std::this_thread::get_id();
                addresses = found.size();
              }));
  std::thread thread([&] { CHECK(other.run() == 1); });
  const std::thread::id expected = thread.get_id();
  run_until_complete(loop, [&]() -> awaitable<void> { co_await sleep_for(loop, 5ms); });
  thread.join();
  CHECK(addresses == 1);
  CHECK(where == expected);
}

/// Counts what is allocated through it.
template <class T>
struct CountingAllocator {
  using value_type = T;
  explicit CountingAllocator(int& count) : live(&count) {}
  template <class U>
  CountingAllocator(const CountingAllocator<U>& other) : live(other.live) {}  // NOLINT: as allocators do
  T* allocate(std::size_t count) {
    ++*live;
    ++total;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) {
    --*live;
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const CountingAllocator&) const = default;
  int* live;
  inline static int total = 0;
};

TEST_CASE("memory comes from the handler's associated allocator, and goes back there") {
  SimLoop here;
  int live = 0;
  bool called = false;
  getaddrinfo(
      here.loop, "127.0.0.1", 80, ResolveOptions(),
      asio::bind_allocator(CountingAllocator<std::byte>(live),
                           [&](const std::exception_ptr&, const std::vector<Address>&) { called = true; }));
  CHECK(live == 1);
  here.world.run();
  CHECK(called);
  CHECK(live == 0);
}

TEST_CASE("a virtual sleep of a year costs microseconds") {
  constexpr int years = 100;
  const Duration expected = years * std::chrono::years(1);
  sim::WorldOptions options;
  options.time_max = 2 * expected;
  sim::World world(1, options);
  Loop& loop = world.add_host("host").loop();
  const auto begun = std::chrono::steady_clock::now();
  run_until_complete(loop, [&]() -> awaitable<void> {
    for (int year = 0; year < years; ++year) co_await sleep_for(loop, std::chrono::years(1));
  });
  CHECK(world.time().time_since_epoch() == expected);
  CHECK(std::chrono::steady_clock::now() - begun < 1min);
}

TEST_CASE("sleeps end in the order of their deadlines, and equal ones in the order of the calls") {
  SimLoop here;
  std::string order;
  const auto note = [&](char name) { return [&order, name](const std::exception_ptr&) { order += name; }; };
  sleep_for(here.loop, 2ms, note('c'));
  sleep_for(here.loop, 1ms, note('a'));
  sleep_until(here.loop, here.loop.time() + 2ms, note('d'));
  sleep_for(here.loop, 1ms, note('b'));
  here.world.run();
  CHECK(order == "abcd");
}

}  // namespace
}  // namespace twinwire
