// Operations by themselves: handles that outlive their loop, completions that nobody wants, closed loops.
#include "loops.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using namespace std::chrono_literals;

class SilentProtocol final : public Protocol {
  void data_received(Bytes) override {}
};

std::shared_ptr<BaseProtocol> make_silent() {
  return std::make_shared<SilentProtocol>();
}

/// A server on a free port of 127.0.0.1.
Server serve(Loop& loop) {
  Server made;
  loop.create_server(make_silent, ServerOptions("127.0.0.1", 0),
                     [&](std::exception_ptr failure, Server server) {
                       if (failure) std::rethrow_exception(failure);
                       made = std::move(server);
                       loop.stop();
                     });
  loop.run_forever();
  return made;
}

TEMPLATE_TEST_CASE("an operation that has ended can be cancelled when its loop is gone", "", SimLoop,
                   RealLoop) {
  std::vector<Operation> operations;
  Server server;
  {
    TestType here;
    Loop& loop = here.loop;
    operations.push_back(
        loop.run_in_executor([] { return 1; }, [&](std::exception_ptr, int) { loop.stop(); }));
    loop.run_forever();
    server = serve(loop);
    operations.push_back(server.wait_closed([&](std::exception_ptr) { loop.stop(); }));
    server.close();
    loop.run_forever();
    operations.push_back(
        detail::start_sleep(loop, loop.time() + 1ms, [&](std::exception_ptr) { loop.stop(); }));
    loop.run_forever();
    operations.push_back(
        loop.getaddrinfo("127.0.0.1", 1, {}, [&](std::exception_ptr, auto) { loop.stop(); }));
    loop.run_forever();
  }
  for (const Operation& operation : operations) operation.cancel();
  CHECK_THROWS_AS(server.wait_closed([](std::exception_ptr) {}), std::logic_error);
}

TEMPLATE_TEST_CASE("an empty completion: success is for nobody, a failure for the exception handler", "",
                   SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  const Server server = serve(loop);
  std::vector<std::string> messages;
  std::size_t expected = 1;
  loop.set_exception_handler([&](const ExceptionContext& context) {
    messages.push_back(context.message);
    if (messages.size() == expected) loop.stop();
  });
  loop.create_connection(make_silent, ConnectOptions("127.0.0.1", server.port()), {});
  loop.run_in_executor([] { return 1; }, {});
  loop.run_in_executor([]() -> int { throw std::runtime_error("thrown"); }, {});
  loop.run_forever();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0] == "run in executor failed, and nobody waits for it");
  messages.clear();
  expected = 2;
  const int nobody = server.port();
  server.close();
  loop.set_resolver(
      [](const ResolveRequest&, ResolveHandler answer) { answer(make_error(errc::host_unreachable), {}); });
  loop.create_connection(make_silent, ConnectOptions("127.0.0.1", nobody), {});
  loop.create_connection(make_silent, ConnectOptions("no.such.host.invalid", 1), {});
  loop.run_forever();
  CHECK(messages.size() == 2);
}

TEMPLATE_TEST_CASE("a transport whose loop is gone sends no file", "", SimLoop, RealLoop) {
  Transport orphan;
  {
    TestType here;
    const Server server = serve(here.loop);
    here.loop.create_connection(make_silent, ConnectOptions("127.0.0.1", server.port()),
                                [&](std::exception_ptr, Connection made) {
                                  orphan = made.transport;
                                  here.loop.stop();
                                });
    here.loop.run_forever();
  }
  TestType other;
  CHECK_THROWS_WITH(other.loop.sendfile(orphan, NativeHandle{0}, {}, {}),
                    "sendfile: the transport is another loop's");
}

TEMPLATE_TEST_CASE("there must be something to call", "", SimLoop, RealLoop) {
  TestType here;
  CHECK_THROWS_AS(here.loop.call_soon({}), std::invalid_argument);
  CHECK_THROWS_AS(here.loop.call_later(1ms, {}), std::invalid_argument);
  CHECK_THROWS_AS(here.loop.add_signal_handler(10, {}), std::invalid_argument);
}

TEMPLATE_TEST_CASE("sleeping on a closed loop throws", "", SimLoop, RealLoop) {
  TestType here;
  here.loop.close();
  CHECK_THROWS_AS(detail::start_sleep(here.loop, here.loop.time(), [](std::exception_ptr) {}),
                  std::logic_error);
}

TEMPLATE_TEST_CASE("a deadline long ago, and one that never comes", "", SimLoop, RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  run_until_complete(loop, [&]() -> awaitable<void> {
    bool timed_out = false;
    try {
      co_await with_deadline(TimePoint::min(), sleep_for(loop, 1h, boost::asio::use_awaitable));
    } catch (const OperationError& error) {
      timed_out = error.code() == errc::timed_out;
    }
    CHECK(timed_out);
    co_await with_timeout(Duration::max(), sleep_for(loop, 1ms, boost::asio::use_awaitable));
  });
}

TEST_CASE("differences of moments saturate") {
  CHECK(saturating_sub(TimePoint::min(), TimePoint(1ns)) == Duration::min());
  CHECK(saturating_sub(TimePoint::max(), TimePoint(-1ns)) == Duration::max());
  CHECK(saturating_sub(TimePoint(5ns), TimePoint(7ns)) == -2ns);
  CHECK(saturating_add(TimePoint::min(), -1ns) == TimePoint::min());
  CHECK(saturating_add(TimePoint::max(), 1ns) == TimePoint::max());
}

TEMPLATE_TEST_CASE("options of a connection that was aborted: nothing to set, nothing to read", "", SimLoop,
                   RealLoop) {
  TestType here;
  Loop& loop = here.loop;
  const Server server = serve(loop);
  Transport transport;
  loop.create_connection(make_silent, ConnectOptions("127.0.0.1", static_cast<int>(server.port())),
                         [&](std::exception_ptr failure, const Connection& connection) {
                           if (failure) std::rethrow_exception(failure);
                           transport = connection.transport;
                           loop.stop();
                         });
  loop.run_forever();
  transport.set_option(Option::no_delay, 1);
  CHECK(transport.get_option(Option::no_delay) == 1);
  transport.abort();
  transport.set_option(Option::no_delay, 0);
  CHECK(transport.get_option(Option::no_delay) == 0);
  CHECK(std::holds_alternative<std::monostate>(transport.get_extra_info("socket")));
  loop.close();
}

TEST_CASE("a listening socket that was shut down by somebody else is reported, without spinning") {
  RealLoop here;
  Loop& loop = here.loop;
  const Server server = serve(loop);
  std::vector<std::string> messages;
  loop.set_exception_handler([&](const ExceptionContext& context) { messages.push_back(context.message); });
  REQUIRE(::shutdown(server.sockets().at(0).handle.value, SHUT_RDWR) == 0);
  const TimePoint begin = loop.time();
  int turns = 0;
  UniqueFunction<void()> tick = [&] {
    if (++turns == 5) {
      loop.stop();
    } else {
      loop.call_later(10ms, [&] { tick(); });
    }
  };
  loop.call_soon([&] { tick(); });
  loop.run_forever();
  REQUIRE_FALSE(messages.empty());
  CHECK(messages.size() <= static_cast<std::size_t>(1 + (loop.time() - begin) / 1s));  // once a second
  CHECK_THAT(messages[0], Catch::Matchers::Contains("cannot accept on 127.0.0.1:"));
}

}  // namespace
}  // namespace twinwire
