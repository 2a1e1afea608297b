// Write flow control: when a protocol is paused and resumed.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

/// A connection with exactly `size` bytes buffered, and without limits so far. The number of bytes written.
std::size_t buffer_exactly(const Pair& pair, std::size_t size) {
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(no_limit);
  std::size_t written = clog(client);
  // What was handed over can only be guessed, what is buffered cannot: it is filled up to the size.
  REQUIRE(client.get_write_buffer_size() <= size);
  const std::size_t missing = size - client.get_write_buffer_size();
  client.write(pattern(missing, written));
  written += missing;
  REQUIRE(client.get_write_buffer_size() == size);
  REQUIRE(pair.client->events() == "CM");
  return written;
}

constexpr std::size_t much = 1'000'000;

STREAM_TEST("FLOW-01", "PW comes once when the size exceeds high, and not again while it stays above low") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  std::size_t written = buffer_exactly(pair, much);
  client.set_write_buffer_limits(much + 100, 1000);
  client.write(pattern(100, written));
  CHECK(pair.client->events() == "CM");
  client.write(pattern(1, written + 100));
  CHECK(pair.client->events() == "CM PW");
  client.write(pattern(5000, written + 101));
  client.writelines({pattern(10, written + 5101), pattern(10, written + 5111)});
  written += 5121;
  CHECK(pair.client->events() == "CM PW");

  // Draining to below high, but not to low, and rising again is the same episode.
  bool refilled = false;
  pair.server->on_data = [&](std::string_view) {
    const std::size_t size = client.get_write_buffer_size();
    if (refilled || size > much || size <= 1000) return;
    refilled = true;
    client.write(pattern(much, written));
    written += much;
    CHECK(client.get_write_buffer_size() > much + 100);
    CHECK(pair.client->events() == "CM PW");
  };
  pair.server->transport.resume_reading();
  stage.run_until([&] { return refilled; }, "some of it to drain");
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(pair.client->events() == "CM PW RW");
  CHECK(pair.server->received() == pattern(written));
}

STREAM_TEST("FLOW-02", "a size equal to high does not pause; one byte more does") {
  const Pair pair = stage.connect_deaf_server();
  const std::size_t written = buffer_exactly(pair, much);
  SECTION("the write crosses the limit") {
    pair.client->transport.set_write_buffer_limits(much + 1);
    pair.client->transport.write(pattern(1, written));
    CHECK(pair.client->transport.get_write_buffer_size() == much + 1);
    CHECK(pair.client->events() == "CM");
    pair.client->transport.write(pattern(1, written + 1));
    CHECK(pair.client->events() == "CM PW");
  }
  SECTION("the limit crosses the size") {
    pair.client->transport.set_write_buffer_limits(much);
    CHECK(pair.client->events() == "CM");
    pair.client->transport.set_write_buffer_limits(much - 1);
    CHECK(pair.client->events() == "CM PW");
  }
}

STREAM_TEST("FLOW-03", "RW comes once when the size has drained to low, strictly alternating with PW") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(40'000, 10'000);
  std::size_t written = 0;
  int episodes = 0;
  pair.client->on_resume = [&] {
    CHECK(client.get_write_buffer_size() <= 10'000);
    if (++episodes >= 5) return;
    while (!pair.client->write_paused()) {
      client.write(pattern(7000, written));
      written += 7000;
    }
  };
  while (!pair.client->write_paused()) {
    client.write(pattern(7000, written));
    written += 7000;
  }
  CHECK(pair.client->count("RW") == 0);
  pair.server->transport.resume_reading();
  stage.run_until([&] { return episodes == 5; }, "five episodes");
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(pair.client->events() == "CM PW RW PW RW PW RW PW RW PW RW");
  CHECK(pair.server->received() == pattern(written));
}

STREAM_TEST("FLOW-03", "without a PW there is no RW") {
  const Pair pair = stage.connect_deaf_server();
  const std::size_t written = buffer_exactly(pair, much);
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(pair.client->events() == "CM");
}

STREAM_TEST("FLOW-03", "below high is not enough: RW waits until the size has drained to low") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  const std::size_t written = buffer_exactly(pair, much);
  client.set_write_buffer_limits(much - 1, 1000);
  CHECK(pair.client->events() == "CM PW");
  std::size_t at_resume = much;
  pair.client->on_resume = [&] { at_resume = client.get_write_buffer_size(); };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(at_resume <= 1000);
  CHECK(pair.client->events() == "CM PW RW");
}

// D3: raising the limits never resumes inside the call; RW follows the next drain step.
STREAM_TEST("FLOW-03", "raised limits that the size satisfies give RW at the next drain step") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  const std::size_t written = buffer_exactly(pair, much);
  client.set_write_buffer_limits(0);
  CHECK(pair.client->events() == "CM PW");
  client.set_write_buffer_limits(2 * much, 2 * much);
  CHECK(pair.client->events() == "CM PW");
  std::size_t at_resume = 0;
  pair.client->on_resume = [&] { at_resume = client.get_write_buffer_size(); };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(at_resume > 0);
  CHECK(pair.client->events() == "CM PW RW");
}

STREAM_TEST("FLOW-07", "high 0 pauses whenever something is buffered, and resumes when all of it is sent") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(0);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{0, 0});
  stage.settle();
  CHECK(pair.client->events() == "CM");
  client.write("goes out at once");
  CHECK(pair.client->events() == "CM");
  const std::size_t written = fill(client);
  CHECK(pair.client->events() == "CM PW");
  std::size_t at_resume = 1;
  pair.client->on_resume = [&] { at_resume = client.get_write_buffer_size(); };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, 16 + written);
  CHECK(at_resume == 0);
  CHECK(pair.client->events() == "CM PW RW");
}

STREAM_TEST("FLOW-08", "a write that is taken in full never pauses, however large against high") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.set_write_buffer_limits(10);
  pair.client->transport.write(pattern(5000));
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  pair.client->transport.writelines({pattern(2500, 5000), pattern(2500, 7500)});
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  stage.run_until_received(*pair.server, 10'000);
  stage.settle();
  CHECK(pair.client->events() == "CM");
  CHECK(pair.server->received() == pattern(10'000));
}

STREAM_TEST("FLOW-09", "inside PW the size is above high, inside RW it is at or below low") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(800'000, 20'000);  // far apart: it takes several steps from one to the other
  std::size_t at_pause = 0;
  std::size_t at_resume = much;
  pair.client->on_pause = [&] { at_pause = client.get_write_buffer_size(); };
  pair.client->on_resume = [&] { at_resume = client.get_write_buffer_size(); };
  std::size_t written = 0;
  while (!pair.client->write_paused()) {
    client.write(pattern(9000, written));
    written += 9000;
  }
  CHECK(at_pause > 800'000);
  CHECK(at_pause == client.get_write_buffer_size());
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(at_resume <= 20'000);
  CHECK(pair.client->events() == "CM PW RW");
}

STREAM_TEST("FLOW-10", "one big writelines pauses before it returns, with everything buffered") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  const std::string part = pattern(4'000'000);
  std::size_t at_pause = 0;
  pair.client->on_pause = [&] { at_pause = client.get_write_buffer_size(); };
  SECTION("on an idle connection") {
    client.set_write_buffer_limits(100'000);
    client.writelines({part, part});
    CHECK(pair.client->events() == "CM PW");
    CHECK(at_pause == client.get_write_buffer_size());
    CHECK(at_pause > part.size());
  }
  SECTION("behind buffered bytes") {
    buffer_exactly(pair, much);
    client.set_write_buffer_limits(much);
    client.writelines({"1", "2"});
    CHECK(pair.client->events() == "CM PW");
    CHECK(at_pause == much + 2);
  }
}

STREAM_TEST("FLOW-11", "close while paused goes on flushing, and RW comes before CL if at all") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  const std::size_t written = buffer_exactly(pair, much);
  client.set_write_buffer_limits(1000);
  CHECK(pair.client->events() == "CM PW");
  client.close();
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  stage.settle();
  const std::string events = pair.client->events();
  CHECK((events == "CM PW RW CL" || events == "CM PW CL"));
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.server->eof());
}

CONTRACT_TEST("FLOW-12", "an abort or a fatal error while paused gives CL and no RW") {
  const Pair pair = stage.connect_deaf_server();
  buffer_exactly(pair, much);
  pair.client->transport.set_write_buffer_limits(1000);
  CHECK(pair.client->events() == "CM PW");
  std::string last = "CL";
  SECTION("abort") {
    pair.client->transport.abort();
  }
  SECTION("abort after close") {
    pair.client->transport.close();
    pair.client->transport.abort();
  }
  SECTION("reset by the peer") {
    pair.server->transport.abort();
    last = "CL:connection_reset";
  }
  SECTION("reset by the peer while flushing") {
    pair.client->transport.close();
    pair.server->transport.abort();
    last = "CL:connection_reset";
  }
  SECTION("throwing callback") {
    pair.client->on_data = [](std::string_view) { throw std::runtime_error("on purpose"); };
    pair.server->transport.write("x");
    last = "DR:x CL:callback_failure";
  }
  stage.run_until_lost(*pair.client);
  stage.settle();
  stage.take_reports();
  CHECK(pair.client->events() == "CM PW " + last);
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  pair.server->transport.resume_reading();
  stage.run_until_lost(*pair.server);
}

}  // namespace
}  // namespace twinwire::contract
