// The water marks: defaults, rules for absent values, rejected ones.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

constexpr WriteBufferLimits defaults{16 * 1024, 64 * 1024};

PLAIN_TEST("FLOW-04", "the limits of a stream are low 16 KiB and high 64 KiB, told as (low, high)") {
  const Pair pair = stage.connect_pair();
  CHECK(pair.client->transport.get_write_buffer_limits() == defaults);
  CHECK(pair.server->transport.get_write_buffer_limits() == defaults);
}

PLAIN_TEST("FLOW-04", "the defaults are in force: more than 64 KiB pause, 64 KiB do not") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  std::size_t written = fill(client);
  REQUIRE(client.get_write_buffer_size() <= defaults.high);
  const std::size_t missing = defaults.high - client.get_write_buffer_size();
  client.write(pattern(missing, written));
  written += missing;
  CHECK(pair.client->events() == "CM");
  client.write(pattern(1, written));
  written += 1;
  CHECK(pair.client->events() == "CM PW");
  std::size_t at_resume = defaults.high;
  pair.client->on_resume = [&] { at_resume = client.get_write_buffer_size(); };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(at_resume <= defaults.low);
  CHECK(pair.client->events() == "CM PW RW");
}

PLAIN_TEST("FLOW-05", "an absent limit follows from the other one; without both the defaults return") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(1000);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{250, 1000});
  client.set_write_buffer_limits(1003);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{250, 1003});
  client.set_write_buffer_limits({}, 60);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{60, 240});
  client.set_write_buffer_limits(500, 499);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{499, 500});
  client.set_write_buffer_limits(500, 500);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{500, 500});
  client.set_write_buffer_limits({}, 0);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{0, 0});
  client.set_write_buffer_limits(3);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{0, 3});
  client.set_write_buffer_limits();
  CHECK(client.get_write_buffer_limits() == defaults);
}

STREAM_TEST("FLOW-06", "limits that make no sense are rejected, and the old ones stay") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(1000, 100);
  const auto rejects = [&](std::optional<std::ptrdiff_t> high, std::optional<std::ptrdiff_t> low) {
    CHECK_THROWS_AS(client.set_write_buffer_limits(high, low), std::invalid_argument);
    CHECK(client.get_write_buffer_limits() == WriteBufferLimits{100, 1000});
  };
  rejects(-1, {});
  rejects(-1, -1);
  rejects(-1, -2);
  rejects({}, -1);
  rejects(1000, -1);
  rejects(100, 101);
  rejects(0, 1);
  constexpr std::ptrdiff_t largest = std::numeric_limits<std::ptrdiff_t>::max();
  constexpr std::ptrdiff_t least = std::numeric_limits<std::ptrdiff_t>::min();
  rejects(least, {});
  rejects({}, least);
  rejects(0, largest);
  CHECK(pair.client->events() == "CM");
}

STREAM_TEST("FLOW-06", "the largest limits are legal, and four times a large low is no overflow") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& client = pair.client->transport;
  constexpr std::ptrdiff_t largest = std::numeric_limits<std::ptrdiff_t>::max();
  constexpr auto size = static_cast<std::size_t>(largest);
  client.set_write_buffer_limits(largest, largest);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{size, size});
  client.set_write_buffer_limits(largest);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{size / 4, size});
  client.set_write_buffer_limits({}, largest);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{size, size});
}

}  // namespace
}  // namespace twinwire::contract
