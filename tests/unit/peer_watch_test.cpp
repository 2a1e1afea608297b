// Dead peers are found in virtual time: keep-alive and the user timeout.
#include "endpoints.hpp"

#include <twinwire/net/observer.hpp>

#include <chrono>
#include <map>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;

/// A connection between two hosts, whose client may watch its peer.
struct WatchedPair {
  explicit WatchedPair(sim::WorldOptions options = {}) : world(1, std::move(options)) {
    world.set_observer(&counting);
    connected = connect(client_host, ConnectOptions("server", 80));
    world.run();
    begin = now();
  }
  ~WatchedPair() { world.set_observer(nullptr); }
  Recorder& client() const { return *connected->protocol; }
  Recorder& server() const { return service[0]; }
  void keep_alive(int idle_s = 7200, int interval_s = 75, int count = 9) const {
    client().transport.set_option(Option::keep_alive_idle_s, idle_s);
    client().transport.set_option(Option::keep_alive_interval_s, interval_s);
    client().transport.set_option(Option::keep_alive_count, count);
    client().transport.set_option(Option::keep_alive, 1);
  }
  void user_timeout(std::chrono::milliseconds timeout) const {
    client().transport.set_option(Option::user_timeout_ms, timeout.count());
  }
  void set_down(bool down) {
    world.link(client_host, server_host).options.down = down;
    world.link(server_host, client_host).options.down = down;
  }
  Duration now() const { return world.time().time_since_epoch(); }
  Duration passed() const { return now() - begin; }

  Counting counting;
  sim::World world;
  sim::Host& server_host = world.add_host("server");
  sim::Host& client_host = world.add_host("client");
  Service service = serve(server_host, 80);
  std::shared_ptr<Client> connected;
  Duration begin{};
};

TEST_CASE("by default a dead peer is found after 2 hours, and 9 probes 75 s apart") {
  WatchedPair pair;
  pair.client().transport.set_option(Option::keep_alive, 1);
  pair.set_down(true);
  pair.world.run();
  CHECK(pair.client().events == "CM CL ");
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 7200s + 9 * 75s);
  CHECK(pair.counting.counts["keep-alive lost"] == 9);
  CHECK_FALSE(pair.server().lost);
}

TEST_CASE("one direction that is down is enough, and the peer is told if it can be") {
  const bool forth = GENERATE(true, false);
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  (forth ? pair.world.link(pair.client_host, pair.server_host)
         : pair.world.link(pair.server_host, pair.client_host))
      .options.down = true;
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 25s + (forth ? 0ms : 1ms));
  CHECK(pair.server().lost == !forth);
  if (!forth) CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("a peer that answers is probed again and again, and a run ends as if it were not") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  pair.world.run();
  CHECK(pair.passed() == 0s);
  pair.world.run_for(100s);
  CHECK(pair.counting.counts["keep-alive"] == 9);
  CHECK_FALSE(pair.client().lost);
  CHECK_FALSE(pair.server().lost);
  pair.client().transport.close();
  pair.world.run();
  CHECK(pair.server().events == "CM ER CL ");
}

TEST_CASE("who waits for something that keep-alive cannot bring is in a deadlock") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  const auto report = report_of([&] { pair.world.run_until([] { return false; }); });
  CHECK(report.kind() == sim::FailureKind::deadlock);
  CHECK(pair.passed() == 0s);
}

TEST_CASE("whatever is heard of the peer puts the next probe off: data, and that data has arrived") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  const bool data = GENERATE(true, false);
  pair.world.run_for(9s);
  (data ? pair.server() : pair.client()).transport.write("here I am");
  pair.world.run_for(9s);
  CHECK(pair.counting.counts["keep-alive"] == 0);
  pair.world.run_for(2s);
  CHECK(pair.counting.counts["keep-alive"] == 1);
}

TEST_CASE("a peer that comes back in time is found alive, and then counted anew") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  pair.set_down(true);
  pair.world.run_for(22s);  // three probes were lost
  pair.set_down(false);
  pair.server().transport.write("back");
  pair.world.run_for(1s);
  pair.set_down(true);
  const Duration heard = pair.now();
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.now() - heard > 23s);
}

TEST_CASE("a lost probe is no end, and an unlucky link loses some by their number") {
  sim::WorldOptions options;
  options.link.loss = {1, 4};
  WatchedPair pair(options);
  pair.keep_alive(10, 1, 20);
  pair.world.run_for(1000s);
  CHECK_FALSE(pair.client().lost);
  CHECK(pair.counting.counts["keep-alive lost"] > 5);
  CHECK(pair.counting.counts["keep-alive"] > 50);
}

TEST_CASE("a peer that has given up answers a probe with a reset") {
  WatchedPair pair;
  pair.set_down(true);
  pair.server().transport.write("hello");
  pair.world.run();
  REQUIRE(pair.server().reason == errc::timed_out);
  pair.set_down(false);
  pair.keep_alive(10, 5, 3);
  pair.world.run();
  CHECK(pair.client().reason == errc::connection_reset);
}

TEST_CASE("keep-alive that is switched off, or closed, leaves no timer") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 3);
  pair.client().transport.set_option(Option::keep_alive, 0);
  pair.set_down(true);
  pair.world.run();
  CHECK(pair.passed() == 0s);
  CHECK_FALSE(pair.client().lost);
}

TEST_CASE("a shorter idle time counts from what was heard last") {
  WatchedPair pair;
  pair.client().transport.set_option(Option::keep_alive, 1);
  pair.world.run_for(100s);
  pair.set_down(true);
  pair.keep_alive(60, 5, 1);
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 105s);
}

TEST_CASE(
    "bytes that are not acknowledged end with the user timeout, counted from the first time they go again") {
  WatchedPair pair;
  pair.user_timeout(3s);
  pair.set_down(true);
  pair.client().transport.write("hello");
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 200ms + 3s);
}

TEST_CASE("a user timeout may be longer than the usual end, and progress begins it anew") {
  WatchedPair pair;
  pair.user_timeout(2000s);
  pair.set_down(true);
  pair.client().transport.write("hello");
  pair.world.run_for(1500s);
  CHECK_FALSE(pair.client().lost);
  pair.set_down(false);
  pair.world.run();
  CHECK(pair.server().received == "hello");
  pair.set_down(true);
  const Duration again = pair.now();
  pair.client().transport.write("hello");
  pair.world.run();
  CHECK(pair.now() - again == 200ms + 2000s);
}

TEST_CASE("the user timeout does not hurry a reset that cannot pass") {
  WatchedPair pair;
  pair.user_timeout(100ms);
  pair.set_down(true);
  pair.client().transport.abort();
  pair.world.run_for(60s);
  pair.set_down(false);
  pair.world.run();
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("a window that stays closed ends with the user timeout, and the peer is told") {
  WatchedPair pair;
  pair.user_timeout(3s);
  pair.server().transport.pause_reading();
  pair.client().transport.write(std::string(1'000'000, 'x'));
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() > 3s);
  CHECK(pair.passed() < 4s);
  pair.server().transport.resume_reading();
  pair.world.run();
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("with keep-alive the user timeout takes the place of the number of probes") {
  WatchedPair pair;
  pair.keep_alive(10, 5, 9);
  pair.user_timeout(12s);
  pair.set_down(true);
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 15s);
}

TEST_CASE("with bytes in flight keep-alive waits for what becomes of them") {
  WatchedPair pair;
  pair.keep_alive(1, 1, 1);
  pair.set_down(true);
  pair.client().transport.write("hello");
  pair.world.run();
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.passed() == 924600ms);
  CHECK(pair.counting.counts["keep-alive lost"] == 0);
}

}  // namespace
}  // namespace twinwire::unit
