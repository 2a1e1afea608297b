// What the real backend owes the system and its user beside the contract: names, lingering sockets, threads
// that share a port, and Asio's own objects when the loop is closed.
#include "few_descriptors.hpp"
#include "loops.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/graceful_stop.hpp>
#include <twinwire/real/thread_per_core.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST_CASE("a coroutine that waits for an object of Asio ends when its loop is closed") {
  RealLoop here;
  bool ended = false;
  const Task task = spawn(
      here.loop,
      [&]() -> awaitable<void> {
        asio::steady_timer timer(here.loop.get_executor(), 1h);
        const std::shared_ptr<void> at_end(nullptr, [&](void*) { ended = true; });
        co_await timer.async_wait(asio::use_awaitable);
      },
      "waits for Asio");
  run_until_complete(here.loop, sleep_for(here.loop, 1ms));
  here.loop.close();
  CHECK(ended);
  CHECK(task.done());
}

TEST_CASE("what is posted to a loop that never runs may own objects of Asio") {
  RealLoop here;
  auto timer = std::make_unique<asio::steady_timer>(here.loop.get_executor(), 1h);
  asio::post(here.loop.get_executor(), [timer = std::move(timer)] {});
}

TEMPLATE_TEST_CASE("closing a loop ends though every failure begins the next attempt", "", SimLoop,
                   RealLoop) {
  TestType here;
  int attempts = 0;
  const std::function<void()> connect = [&] {
    ++attempts;
    here.loop.create_connection([] { return nullptr; }, {"127.0.0.1", 1},
                                [&](const std::exception_ptr& failure, const Connection&) {
                                  if (failure) connect();
                                });
  };
  connect();
  here.loop.close();
  CHECK(here.loop.is_closed());
  CHECK(attempts > 100);
}

template <class F>
error_code error_of(F run) {
  try {
    run();
  } catch (const OperationError& failure) {
    return failure.code();
  }
  return {};
}

TEST_CASE("what needs a thread fails when none can be started, and works later") {
  RealLoop here;
  const auto run_both = [&] {
    const error_code looked_up =
        error_of([&] { run_until_complete(here.loop, getaddrinfo(here.loop, "localhost", "http")); });
    const error_code executed =
        error_of([&] { run_until_complete(here.loop, run_in_executor(here.loop, [] { return 1; })); });
    CHECK(looked_up == executed);
    CHECK(here.loop.pending_operations(true).empty());
    return executed;
  };
  pthread_attr_t before;
  REQUIRE(::pthread_getattr_default_np(&before) == 0);
  pthread_attr_t huge = before;
  ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
  REQUIRE(::pthread_setattr_default_np(&huge) == 0);
  const error_code without = run_both();
  REQUIRE(::pthread_setattr_default_np(&before) == 0);
  CHECK(without == errc::resource_unavailable_try_again);
  CHECK(run_both() == error_code{});
}

TEMPLATE_TEST_CASE("a host or service that contains a NUL is no name", "", SimLoop, RealLoop) {
  TestType here;
  const std::string nul(1, '\0');
  for (const auto& [host, port] :
       {std::pair("127.0.0.1" + nul + ".example.com", Port(80)), std::pair("localhost" + nul, Port(80)),
        std::pair(std::string("127.0.0.1"), Port("http" + nul + "s"))}) {
    CHECK(error_of([&] { run_until_complete(here.loop, getaddrinfo(here.loop, host, port)); }) ==
          errc::invalid_argument);
  }
}

// --- lingering ---

enum class End { closes, aborts, is_dropped };

/// Writes more than its peer takes, and ends with that in the socket's buffer.
class Lingering final : public Protocol {
 public:
  Lingering(std::function<void(const Transport&)> made, std::function<void()> lost)
      : made_(std::move(made)), lost_(std::move(lost)) {}
  void connection_made(Transport transport) override {
    transport.set_option(Option::send_buffer_size, 1'000'000);
    transport.write(std::string(500'000, 'x'));
    CHECK(transport.get_write_buffer_size() == 0);
    made_(transport);
  }
  void data_received(Bytes) override {}
  void connection_lost(error_code) override { lost_(); }

 private:
  std::function<void(const Transport&)> made_;
  std::function<void()> lost_;
};

/// A socket of the system that listens on 127.0.0.1, and one that is connected to it, whose window is small.
/// A client whose socket is there before it connects.
struct RawClient {
  RawClient() = default;
  RawClient(RawClient&& other) noexcept : descriptor(std::exchange(other.descriptor, -1)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (descriptor >= 0) ::close(descriptor);
  }
  void connect(std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

struct RawSockets {
  explicit RawSockets(const linger& lingering) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* native = reinterpret_cast<sockaddr*>(&address);
    const int small = 4096;
    ::setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    ::setsockopt(listening, SOL_SOCKET, SO_LINGER, &lingering, sizeof(lingering));
    REQUIRE(::bind(listening, native, size) == 0);
    REQUIRE(::listen(listening, 1) == 0);
    REQUIRE(::getsockname(listening, native, &size) == 0);
    REQUIRE(::connect(client, native, size) == 0);
  }
  ~RawSockets() { ::close(client); }
  int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  ///< becomes the server's
  int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST_CASE("a socket that lingers does not stop the loop when it is closed") {
  constexpr int linger_seconds = 60;
  const bool inherited = GENERATE(false, true);
  const End end = GENERATE(End::closes, End::aborts, End::is_dropped);
  // The kernel gives an accepted socket the options that the listening one had.
  const RawSockets sockets({inherited, linger_seconds});
  TimePoint begin;
  TimePoint done;
  {
    RealLoop here;
    const auto made = [&](const Transport& transport) {
      if (!inherited) transport.set_option(Option::linger_s, linger_seconds);
      CHECK(transport.get_option(Option::linger_s) == linger_seconds);
      begin = here.loop.time();
      if (end == End::closes) transport.close();
      if (end == End::aborts) transport.abort();
      if (end == End::is_dropped) here.loop.stop();
    };
    ServerOptions options;
    options.sock.value = sockets.listening;
    // The socket is closed once connection_lost has returned.
    const auto lost = [&] { here.loop.call_soon([&] { here.loop.stop(); }); };
    here.loop.create_server([&] { return std::make_shared<Lingering>(made, lost); }, options,
                            [](auto&&...) {});
    here.loop.run_forever();
  }
  done = TimePoint(std::chrono::steady_clock::now().time_since_epoch());
  CHECK(done - begin < 30s);
}

// --- servers that meet a limit, end, or never begin ---

TEST_CASE("a burst of clients that meets the limit on descriptors is one complaint, and one retry") {
  RealLoop here;
  constexpr rlim_t accepted_at_once = 64;
  std::vector<RawClient> clients(accepted_at_once + 2);
  std::size_t made = 0;
  int complaints = 0;
  bool over = false;
  std::uint16_t port = 0;
  here.loop.set_exception_handler([&](const ExceptionContext&) {
    if (over || ++complaints != 1) return;
    here.loop.call_later(10ms, [&] {
      over = true;
      here.loop.stop();
    });
  });
  const auto factory = [&] {
    // The last one that is accepted at once is news for the next turn, in which accepting was to go on
    // anyway.
    if (++made == accepted_at_once) clients.back().connect(port);
    return std::make_shared<Lingering>([](const Transport&) {}, [] {});
  };
  const Server server =
      run_until_complete(here.loop, create_server(here.loop, factory, ServerOptions("127.0.0.1", 0)));
  port = server.port();
  for (std::size_t i = 0; i + 1 < clients.size(); ++i) clients[i].connect(port);
  {
    const FewDescriptors few(accepted_at_once);
    here.loop.run_forever();
    server.close();
  }
  CHECK(made == accepted_at_once);
  CHECK(complaints == 1);
}

TEST_CASE("threads do not serve without a port, on port 0, or on one ready-made socket") {
  ServerOptions unnamed;
  unnamed.hosts = {"127.0.0.1"};
  ServerOptions ready_made;
  ready_made.sock.value = 900;
  for (const ServerOptions& options : {unnamed, ServerOptions("127.0.0.1", 0), ready_made}) {
    RealLoop here;
    real::Core core(here.loop, 0, 1s);
    CHECK_THROWS_AS(core.serve([] { return nullptr; }, options), std::invalid_argument);
  }
}

TEST_CASE("a signal that comes while threads still begin stops all of them") {
  for (int round = 0; round < 20; ++round) {
    real::PerCoreOptions options;
    options.threads = 4;
    options.stop_signals = {SIGUSR1};
    CHECK_NOTHROW(real::run_per_core(options, [](real::Core& core) {
      // So that the test ends if it fails.
      core.loop().call_later(
          10s, [&core] { core.fail(std::make_exception_ptr(std::runtime_error("was not stopped"))); });
      if (core.index() == 0) ::kill(::getpid(), SIGUSR1);
    }));
  }
}

TEST_CASE("a graceful stop without servers ends the loop, for one that could not be created") {
  RealLoop here;
  RealLoop other;
  const Server taken = run_until_complete(
      other.loop, create_server(other.loop, [] { return nullptr; }, ServerOptions("127.0.0.1", 0)));
  real::GracefulStop stop(here.loop);
  std::exception_ptr failed;
  here.loop.create_server([] { return nullptr; }, {"127.0.0.1", taken.port()},
                          [&](std::exception_ptr failure, Server server) {
                            if (!failure) return stop.add(server);
                            failed = failure;
                            stop.stop();
                          });
  here.loop.run_forever();
  CHECK(error_code_of(failed) == errc::address_in_use);
}

}  // namespace
}  // namespace twinwire
