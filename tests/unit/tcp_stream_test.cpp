// What a simulated connection does to its bytes: windows, loss, resets, and the end.
#include "endpoints.hpp"

#include <twinwire/net/observer.hpp>

#include <chrono>
#include <map>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;

/// Two hosts with one connection between them.
struct Pair {
  explicit Pair(sim::WorldOptions options = {}) : world(1, std::move(options)) {
    world.run();
    connected = connect(client_host, ConnectOptions("server", 80));
    world.run();
  }
  Recorder& client() const { return *connected->protocol; }
  Recorder& server() const { return service[0]; }
  void set_down(bool down) {
    world.link(client_host, server_host).options.down = down;
    world.link(server_host, client_host).options.down = down;
  }
  Duration now() const { return world.time().time_since_epoch(); }

  sim::World world;
  sim::Host& server_host = world.add_host("server");
  sim::Host& client_host = world.add_host("client");
  Service service = serve(server_host, 80);
  std::shared_ptr<Client> connected;
};

TEST_CASE("a lost segment is sent again after 200 ms, and those behind it wait for it") {
  Pair pair;
  Counting counting;
  pair.world.set_observer(&counting);
  sim::Link& link = pair.world.link(pair.client_host, pair.server_host);
  const Duration begin = pair.now();
  link.options.down = true;
  pair.client().transport.write("one ");
  link.options.down = false;
  pair.client().transport.write("two");
  pair.world.run_for(100ms);
  CHECK(pair.server().received.empty());
  pair.world.run_until([&] { return pair.server().received.size() == 7; });
  CHECK(pair.server().received == "one two");
  CHECK(pair.now() - begin == 201ms);
  CHECK(counting.counts["lost"] == 1);
  pair.world.set_observer(nullptr);
}

TEST_CASE("each further try takes twice as long") {
  Pair pair;
  pair.set_down(true);
  const Duration begin = pair.now();
  pair.client().transport.write("hello");
  pair.world.run_for(1300ms);  // tries after 0, 200, 600 ms; the next one after 1400 ms
  pair.set_down(false);
  pair.world.run();
  CHECK(pair.server().received == "hello");
  CHECK(pair.now() - begin >= 1401ms);
  CHECK(pair.now() - begin < 1410ms);
}

TEST_CASE("a link that goes down for good ends the writer with a timeout, after a quarter of an hour") {
  Pair pair;
  pair.set_down(true);
  const Duration begin = pair.now();
  pair.client().transport.write("hello");
  pair.world.run();
  CHECK(pair.client().lost);
  CHECK(pair.client().reason == errc::timed_out);
  CHECK(pair.client().events == "CM CL ");
  // 200 ms doubled up to 120 s, as Linux does with tcp_retries2 = 15: 924.6 s.
  CHECK(pair.now() - begin == 924600ms);
  CHECK_FALSE(pair.server().lost);
}

TEST_CASE("an end of stream that is lost is sent again, too") {
  Pair pair;
  pair.server().keep_open = true;
  pair.set_down(true);
  pair.client().transport.write_eof();
  pair.world.run_for(10ms);
  pair.set_down(false);
  pair.world.run();
  CHECK(pair.server().events == "CM ER ");
}

TEST_CASE("an abort is a reset for the peer, and what was on its way before it arrives") {
  Pair pair;
  pair.client().transport.write("last words");
  pair.client().transport.abort();
  pair.world.run();
  CHECK(pair.client().events == "CM CL ");
  CHECK_FALSE(pair.client().reason.failed());
  CHECK(pair.server().received == "last words");
  CHECK(pair.server().events == "CM DR CL ");
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("a reset does not bring back what was lost before it") {
  Pair pair;
  sim::Link& link = pair.world.link(pair.client_host, pair.server_host);
  pair.client().transport.write("came ");
  link.options.down = true;
  pair.client().transport.write("was lost ");
  link.options.down = false;
  pair.client().transport.write("was held back");
  pair.client().transport.abort();
  pair.world.run();
  CHECK(pair.server().received == "came ");
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("a reset that is lost comes again, as the answer to what the peer sends") {
  Pair pair;
  pair.set_down(true);
  pair.client().transport.abort();
  pair.world.run();
  CHECK(pair.client().lost);
  CHECK_FALSE(pair.server().lost);
  pair.set_down(false);
  pair.server().transport.write("is anybody there?");
  pair.world.run();
  CHECK(pair.server().lost);
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("who sends to a peer that has given up is told by a reset") {
  Pair pair;
  pair.set_down(true);
  pair.client().transport.write("hello");
  pair.world.run();
  REQUIRE(pair.client().reason == errc::timed_out);
  pair.set_down(false);
  pair.server().transport.write("hello");
  pair.world.run();
  CHECK(pair.server().lost);
  CHECK(pair.server().reason == errc::connection_reset);
}

TEST_CASE("closing with unread bytes resets, closing with none is orderly") {
  Pair pair;
  const bool unread = GENERATE(true, false);
  if (unread) pair.server().transport.pause_reading();
  pair.client().transport.write("hello");
  pair.world.run();
  pair.server().transport.close();
  pair.world.run();
  CHECK(pair.client().events == (unread ? "CM CL " : "CM ER CL "));
  CHECK(pair.client().reason == (unread ? make_error(errc::connection_reset) : error_code{}));
}

TEST_CASE("bytes for a socket that is closed are answered with a reset") {
  Pair pair;
  pair.client().keep_open = true;
  pair.server().transport.close();
  pair.world.run();
  CHECK(pair.client().events == "CM ER ");
  pair.client().transport.write("too late");
  pair.world.run();
  CHECK(pair.client().lost);
  CHECK(pair.client().reason == errc::broken_pipe);
}

TEST_CASE("a reader that pauses holds the writer back by the two socket buffers") {
  sim::WorldOptions options;
  options.host.send_buffer_size = 30'000;
  options.host.receive_buffer_size = 20'000;
  Pair pair(options);
  pair.server().transport.pause_reading();
  const std::string much(200'000, 'x');
  pair.client().transport.write(much);
  pair.world.run();
  CHECK(pair.client().transport.get_write_buffer_size() == 150'000);
  CHECK(pair.server().received.empty());
  pair.server().transport.resume_reading();
  pair.world.run();
  CHECK(pair.client().transport.get_write_buffer_size() == 0);
  CHECK(pair.server().received == much);
}

TEST_CASE("a larger send buffer takes more at once") {
  Pair pair;
  pair.client().transport.set_option(Option::send_buffer_size, 400'000);
  CHECK(pair.client().transport.get_option(Option::send_buffer_size) == 400'000);
  pair.client().transport.write(std::string(400'000, 'x'));
  CHECK(pair.client().transport.get_write_buffer_size() == 0);
  pair.world.run();
  CHECK(pair.server().received.size() == 400'000);
}

TEST_CASE("a larger receive buffer lets more come while nobody reads") {
  Pair pair;
  pair.server().transport.set_option(Option::receive_buffer_size, 100'000);
  pair.server().transport.pause_reading();
  pair.client().transport.write(std::string(300'000, 'x'));
  pair.world.run();
  CHECK(pair.client().transport.get_write_buffer_size() == 300'000 - 100'000 - 64 * 1024);
}

TEST_CASE("cuts and re-chunking are invisible in the bytes, and visible in how they come") {
  sim::WorldOptions options;
  options.link.cut = {1, 1};
  options.link.rechunk = {1, 1};
  options.link.jitter = 1ms;
  Pair pair(options);
  Counting counting;
  pair.world.set_observer(&counting);
  pair.client().transport.write("every byte of this comes in order");
  pair.world.run();
  CHECK(pair.server().received == "every byte of this comes in order");
  CHECK(counting.counts["segment"] > 1);
  CHECK(counting.counts["data_received"] > counting.counts["segment"]);
  pair.world.set_observer(nullptr);
}

TEST_CASE("an aborted connection leaves nothing behind on its hosts") {
  Pair pair;
  const int before = pair.server_host.open_descriptors();
  pair.client().transport.write(std::string(1'000'000, 'x'));
  pair.client().transport.abort();
  pair.world.run();
  CHECK(pair.client_host.open_descriptors() == 0);
  CHECK(pair.server_host.open_descriptors() == before - 1);
  CHECK(pair.service.server.connections() == 0);
}

TEST_CASE(
    "a reset that cannot pass arrives once the link is up: a peer that has something to send hears of it") {
  Pair pair;
  pair.server().transport.pause_reading();
  pair.client().transport.write(std::string(1'000'000, 'x'));
  pair.world.run();
  CHECK(pair.client().transport.get_write_buffer_size() > 0);
  pair.set_down(true);
  pair.server().transport.abort();
  pair.world.run_for(1s);
  CHECK_FALSE(pair.client().lost);
  pair.set_down(false);
  pair.world.run();
  CHECK(pair.client().reason == errc::connection_reset);
}

TEST_CASE("a reset that never passes: a peer with something to send times out, an idle one learns nothing") {
  Pair pair;
  const bool busy = GENERATE(true, false);
  pair.server().transport.pause_reading();
  if (busy) pair.client().transport.write(std::string(1'000'000, 'x'));
  pair.world.run();
  pair.set_down(true);
  pair.server().transport.abort();
  pair.world.run();
  CHECK(pair.client().lost == busy);
  if (busy) CHECK(pair.client().reason == errc::timed_out);
}

TEST_CASE("a reset behind the peer's end: a broken pipe, unless both directions had ended") {
  Pair pair;
  const bool both = GENERATE(true, false);
  pair.client().keep_open = true;
  pair.server().transport.write_eof();
  pair.world.run();
  REQUIRE(pair.client().events == "CM ER ");
  pair.server().transport.pause_reading();
  pair.client().transport.write("unread");
  if (both) pair.client().transport.write_eof();
  pair.world.run_for(500us);  // it is on its way: a reset crosses it
  pair.server().transport.abort();
  pair.world.run();
  CHECK(pair.client().reason == (both ? errc::connection_reset : errc::broken_pipe));
}

}  // namespace
}  // namespace twinwire::unit
