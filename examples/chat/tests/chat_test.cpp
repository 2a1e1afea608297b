// The room over the simulated network, and the scenario.
#include "line_buffer.hpp"
#include "room.hpp"
#include "scenario.hpp"
#include "scenario_checks.hpp"

#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace chat {
namespace {

using namespace std::chrono_literals;
using twinwire::awaitable;
using twinwire::Stream;

TEST_CASE("lines are the same wherever the stream is cut") {
  const std::string text = "one\r\n\ntwo\rtwo\nand three\r\nrest";
  const std::vector<std::string> lines{"one", "", "two\rtwo", "and three"};
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      LineBuffer buffer(10);
      std::vector<std::string> seen;
      for (const std::string& piece :
           {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
        buffer.feed(twinwire::as_bytes(piece));
        while (const auto line = buffer.next()) seen.emplace_back(*line);
      }
      REQUIRE(seen == lines);
      REQUIRE_FALSE(buffer.is_too_long());
    }
  }
}

TEST_CASE("a line may be as long as allowed, and not longer") {
  LineBuffer buffer(4);
  buffer.feed(twinwire::as_bytes("four\nfi"));
  CHECK(buffer.next() == "four");
  buffer.feed(twinwire::as_bytes("ve"));
  CHECK_FALSE(buffer.next());
  CHECK_FALSE(buffer.is_too_long());
  SECTION("with its end") {
    buffer.feed(twinwire::as_bytes("s\n"));
  }
  SECTION("without an end") {
    buffer.feed(twinwire::as_bytes("s"));
  }
  CHECK_FALSE(buffer.next());
  CHECK(buffer.is_too_long());
}

/// A room on a host, and another one for those who come.
struct Net {
  explicit Net(const Limits& limits = {}) : room(Room::create(server.loop(), limits)) {
    run_until_complete(server.loop(), [this]() -> awaitable<void> {
      const twinwire::ServerOptions where("", 6697);
      co_await twinwire::create_server(server.loop(), room->factory(), where);
    });
  }

  twinwire::sim::World world{1};
  twinwire::sim::Host& server = world.add_host("server");
  twinwire::sim::Host& home = world.add_host("home");
  twinwire::Loop& loop = home.loop();
  std::shared_ptr<Room> room;
};

awaitable<Stream> enter(Net& net, std::string first_lines) {
  Stream stream = co_await twinwire::open_connection(net.loop, "server", 6697);
  stream.writer.write(first_lines);
  const std::string greeting = co_await stream.reader.read_line();
  CHECK(greeting == "* welcome, who are you?\n");
  co_return stream;
}

/// What one hears who says this, and no more.
std::string heard_by(Net& net, const std::string& lines) {
  return run_until_complete(net.loop, [&]() -> awaitable<std::string> {
    const Stream stream = co_await enter(net, lines);
    co_return co_await stream.reader.read_all();
  });
}

TEST_CASE("who does not behave is told why, and dismissed") {
  Limits limits;
  limits.line_length_max = 20;
  limits.name_length_max = 6;
  Net net(limits);
  const std::string wrong_name = "* goodbye: a name has letters, digits, - and _, and 6 of them at most\n";
  CHECK(heard_by(net, "two words\n") == wrong_name);
  CHECK(heard_by(net, "seven77\n") == wrong_name);
  CHECK(heard_by(net, "\n") == wrong_name);
  CHECK(heard_by(net, "*\nme\n") == wrong_name);
  CHECK(heard_by(net, "me\n" + std::string(21, 'x')) == "* here: \n* goodbye: a line that is too long\n");
  CHECK(heard_by(net, "me\n/quit\nmore\n") == "* here: \n* goodbye: quit\n");
  const twinwire::TimePoint before = net.loop.time();
  CHECK(heard_by(net, "me") == "* goodbye: no name\n");
  CHECK(net.loop.time() - before >= limits.name_time_max);
}

TEST_CASE("a full room takes nobody else, until somebody leaves") {
  Limits limits;
  limits.members_max = 1;
  Net net(limits);
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const Stream first = co_await enter(net, "first\n");
    const Stream second = co_await twinwire::open_connection(net.loop, "server", 6697);
    const std::string words = co_await second.reader.read_all();
    CHECK(words == "* goodbye: the room is full\n");
    first.writer.write("/quit\n");
    co_await first.reader.read_all();
    const Stream third = co_await enter(net, "first\n");
  });
}

TEST_CASE("what would control a terminal is not passed on") {
  Net net;
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const Stream first = co_await enter(net, "first\n");
    co_await first.reader.read_line();
    const Stream second = co_await enter(net, "second\na\033[2J\x7f\tb \xc3\xbc\r\n");
    co_await first.reader.read_line();
    const std::string line = co_await first.reader.read_line();
    CHECK(line == "second: a?[2J?\tb \xc3\xbc\n");
  });
}

TEST_CASE("nobody is read from while one is behind, and the others go on when that one is dismissed") {
  Net net;
  run_until_complete(net.loop, [&]() -> awaitable<void> {
    const Stream slow = co_await enter(net, "slow\n");
    slow.writer.transport().pause_reading();
    const Stream talker = co_await enter(net, "talker\n");
    talker.writer.transport().set_write_buffer_limits(0);
    // More than all buffers on the way hold. What is said is not heard by the talker, but when all is taken.
    const std::string line = std::string(500, 'x') + '\n';
    for (int i = 0; i < 2000; ++i) talker.writer.write(line);
    co_await twinwire::sleep_for(net.loop, 1s);
    CHECK(net.room->is_held());
    CHECK(talker.writer.transport().get_write_buffer_size() > 0);
    const std::size_t backlog = net.room->backlog();
    CHECK(backlog > net.room->limits().behind_bytes);
    CHECK(backlog < net.room->limits().behind_bytes + 128 * 1024);
    const Stream newcomer = co_await enter(net, "newcomer\n");
    co_await twinwire::sleep_for(net.loop, 100ms);
    CHECK(net.room->names() == "slow, talker");
    co_await talker.writer.drain();
    CHECK_FALSE(net.room->is_held());
    co_await talker.reader.read_line();
    const std::string news = co_await talker.reader.read_line();
    CHECK(news == "* slow left: reads too slowly\n");
    const std::string here = co_await newcomer.reader.read_line();
    CHECK(here == "* here: talker\n");
  });
}

/// Empty if all was well.
std::string play(std::uint64_t seed, const ScenarioOptions& options) {
  twinwire::sim::World world(seed, scenario_world());
  try {
    run_scenario(world, options);
    return {};
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

TEST_CASE("every line reaches everybody else once and in order, whoever sleeps") {
  ScenarioOptions options;
  options.sleeper = GENERATE(Sleeper::none, Sleeper::wakes, Sleeper::late);
  options.users = GENERATE(3, 8);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    REQUIRE(play(seed, options).empty());
  }
}

TEST_CASE("the same seed gives the same run, TLS included") {
  examples::check_that_seeds_repeat(scenario_world(),
                                    [](twinwire::sim::World& world) { run_scenario(world); });
}

}  // namespace
}  // namespace chat
