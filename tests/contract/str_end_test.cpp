// Streams for coroutines: the writer's drain, cancelling, lost connections, timeouts.
#include "bare_peer.hpp"
#include "coroutines.hpp"
#include "endpoints.hpp"
#include "harness.hpp"

#include <twinwire/net/timeout.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// A line whose peer does not read until it is told to, so that drain() has to wait.
Line connect_deaf(Stage& stage) {
  const auto peer = stage.recorder("peer");
  peer->start_paused = true;
  return connect_line(stage, peer);
}

/// Writes until drain() has to wait. How much was written.
std::size_t clog(const StreamWriter& writer) {
  writer.transport().set_option(Option::send_buffer_size, 128 * 1024);
  return clog(CheckedTransport(writer.transport()));
}

CONTRACT_TEST("STR-05", "drain completes at once while not paused") {
  Line line = connect_line(stage);
  play(stage, [](Loop& loop, StreamWriter writer) -> awaitable<void> {
    bool turned = false;
    loop.call_soon([&] { turned = true; });
    writer.write("little");
    co_await writer.drain();
    CHECK_FALSE(turned);
    co_await sleep_for(loop, 0s);
    CHECK(turned);
  }(stage.client(), line.writer()));
  hang_up(stage, line);
}

CONTRACT_TEST("STR-05", "drain waits while paused, and several may wait") {
  Line line = connect_deaf(stage);
  const std::size_t written = clog(line.writer());
  const auto first = begin(stage, line.writer().drain());
  const auto second = begin(stage, line.writer().drain());
  stage.settle();
  CHECK_FALSE(first.done());
  CHECK_FALSE(second.done());
  line.peer->transport.resume_reading();
  first.get();
  second.get();
  const Transport& transport = line.writer().transport();
  CHECK(transport.get_write_buffer_size() <= transport.get_write_buffer_limits().low);
  stage.run_until_received(*line.peer, written);
  hang_up(stage, line);
}

CONTRACT_TEST("STR-05", "drain fails when the connection is lost, with the error that ended it") {
  Line line = connect_deaf(stage);
  clog(line.writer());
  const auto first = begin(stage, line.writer().drain());
  const auto second = begin(stage, line.writer().drain());
  SECTION("reset by the peer") {
    line.peer->transport.abort();
  }
  SECTION("aborted here, which counts as reset") {
    line.writer().abort();
  }
  CHECK(first.error() == "connection_reset");
  CHECK(second.error() == "connection_reset");
  CHECK(begin(stage, line.writer().drain()).error() == "connection_reset");
  line.peer->transport.resume_reading();
  stage.run_until_lost(*line.peer);
}

CONTRACT_TEST("STR-05", "drain right behind a write that failed tells the error") {
  Line line = connect_line(stage);
  line.writer().transport().pause_reading();
  line.peer->transport.abort();
  stage.run_until_lost(*line.peer);
  stage.settle();
  const auto writing = begin(stage, [](StreamWriter writer) -> awaitable<void> {
    // The first write after a reset may be the one that notices it.
    for (int i = 0; i < 3; ++i) {
      writer.write("into the void");
      co_await writer.drain();
    }
  }(line.writer()));
  CHECK_FALSE(writing.error().empty());
  CHECK(line.writer().is_closing());
}

CONTRACT_TEST("STR-06", "cancelling a pending read loses no byte") {
  Line line = connect_line(stage);
  const std::vector<std::function<awaitable<std::string>()>> reads{
      [&] { return line.reader().read(5); },
      [&] { return line.reader().read_exactly(8); },
      [&] { return line.reader().read_until("||"); },
      [&] { return line.reader().read_all(); },
  };
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto reading = begin(stage, reads[i]());
    if (i != 0) line.peer->transport.write("part");
    stage.settle();
    CHECK_FALSE(reading.done());
    stage.in_callback(stage.client(), [&] {
      reading.cancel();
      line.peer->transport.write("12|");
    });
    CHECK(reading.error() == "operation_aborted");
    CHECK(play(stage, line.reader().read_exactly(i == 0 ? 3 : 7)) == (i == 0 ? "12|" : "part12|"));
  }
  hang_up(stage, line);
}

CONTRACT_TEST("STR-06", "reads that run into timeouts all the time lose no byte") {
  Line line = connect_line(stage);
  const std::string data = pattern(20'000);
  std::size_t timeouts = 0;
  const auto reading = begin(
      stage, [](StreamReader reader, std::size_t size, std::size_t& timeouts) -> awaitable<std::string> {
        std::string received;
        while (received.size() < size) {
          const std::size_t count = std::min<std::size_t>(777, size - received.size());
          const auto part = co_await as_result(with_timeout(100us, reader.read_exactly(count)));
          if (part) {
            received += *part;
          } else if (part.error().code() == errc::timed_out) {
            ++timeouts;
          } else {
            std::rethrow_exception(part.error().exception());
          }
        }
        co_return received;
      }(line.reader(), data.size(), timeouts));
  for (std::size_t at = 0; at < data.size(); at += 500) {
    line.peer->transport.write(data.substr(at, 500));
    stage.run_for(150us);
  }
  CHECK((reading.get() == data));
  CHECK(timeouts > 0);
  hang_up(stage, line);
}

CONTRACT_TEST("STR-06", "cancelling a drain loses no byte") {
  Line line = connect_deaf(stage);
  const std::size_t written = clog(line.writer());
  const auto waiting = begin(stage, line.writer().drain());
  CHECK_FALSE(waiting.done());
  waiting.cancel();
  CHECK(waiting.error() == "operation_aborted");
  line.peer->transport.resume_reading();
  play(stage, line.writer().drain());
  stage.run_until_received(*line.peer, written);
  CHECK((line.peer->received() == pattern(written)));
  hang_up(stage, line);
}

CONTRACT_TEST("STR-06", "a second concurrent read is rejected, and the first one goes on") {
  Line line = connect_line(stage);
  const auto first = begin(stage, line.reader().read_exactly(4));
  CHECK_THROWS_AS(play(stage, line.reader().read(1)), std::logic_error);
  CHECK_THROWS_AS(play(stage, line.reader().read_line()), std::logic_error);
  line.peer->transport.write("data and more");
  CHECK(first.get() == "data");
  CHECK(play(stage, line.reader().read_exactly(9)) == " and more");
  hang_up(stage, line);
}

CONTRACT_TEST("STR-07", "a connection lost with an error fails reads with it once the buffer is consumed") {
  Line line = connect_line(stage);
  line.peer->transport.write("buffered");
  stage.settle();
  line.peer->transport.abort();
  stage.run_until([&] { return line.writer().is_closing(); }, "the reset to arrive");
  CHECK(begin(stage, line.reader().read_exactly(9)).error() == "connection_reset");
  CHECK(begin(stage, line.reader().read_until("|")).error() == "connection_reset");
  CHECK(play(stage, line.reader().read_exactly(3)) == "buf");
  CHECK(play(stage, line.reader().read(100)) == "fered");
  CHECK(begin(stage, line.reader().read(100)).error() == "connection_reset");
  CHECK(begin(stage, line.reader().read_all()).error() == "connection_reset");
  CHECK_FALSE(line.reader().at_eof());
}

CONTRACT_TEST("STR-07", "a connection lost with an error fails a pending read with it") {
  Line line = connect_line(stage);
  const auto reading = begin(stage, line.reader().read(1));
  line.peer->transport.abort();
  CHECK(reading.error() == "connection_reset");
  CHECK(begin(stage, line.reader().read_line()).error() == "connection_reset");
}

CONTRACT_TEST("STR-07", "an orderly end is an end, not an error") {
  Line line = connect_line(stage);
  SECTION("the peer's") {
    const auto reading = begin(stage, line.reader().read_all());
    line.peer->transport.write("all of it");
    line.peer->transport.close();
    CHECK(reading.get() == "all of it");
  }
  SECTION("our own") {
    const auto reading = begin(stage, line.reader().read(1));
    line.writer().close();
    CHECK(reading.get().empty());
  }
  CHECK(play(stage, line.reader().read(1)).empty());
  CHECK(play(stage, line.reader().read_line()).empty());
  CHECK(line.reader().at_eof());
  hang_up(stage, line);
}

CONTRACT_TEST("STR-08", "a timeout around a connect ends it with timed_out and closes its socket") {
  stage.calm();
  const SilentAddress silent(stage);
  const std::size_t before = stage.open_descriptors();
  const ConnectOptions options(silent.address().host(), silent.address().port());
  const TimePoint start = stage.client().time();
  const auto opening = begin(stage, with_timeout(500ms, open_connection(stage.client(), options)));
  CHECK(stage.open_descriptors() == before + 1);
  CHECK(opening.error() == "timed_out");
  CHECK(opening.message().find("connect to " + silent.address().to_string() + " within 500 ms") == 0);
  CHECK(stage.open_descriptors() == before);
  CHECK(stage.client().time() - start >= 500ms);
  if (stage.simulated()) CHECK(stage.client().time() - start < 501ms);
}

CONTRACT_TEST("STR-08", "a timeout around a read or a drain ends it with timed_out and releases it") {
  Line line = connect_deaf(stage);
  const auto reading = begin(stage, with_timeout(20ms, line.reader().read_line()));
  CHECK(reading.error() == "timed_out");
  CHECK(reading.message().find("read until \"\\n\" from ") == 0);
  const std::size_t written = clog(line.writer());
  CHECK(begin(stage, with_timeout(20ms, line.writer().drain())).error() == "timed_out");
  CHECK(stage.client().pending_operations(true).empty());
  CHECK_FALSE(line.writer().is_closing());
  line.peer->transport.write("answer\n");
  CHECK(play(stage, with_timeout(3s, line.reader().read_line())) == "answer\n");
  line.peer->transport.resume_reading();
  stage.run_until_received(*line.peer, written);
  hang_up(stage, line);
}

CONTRACT_TEST("STR-08", "a stream that a timed-out coroutine held is closed") {
  const auto peer = stage.recorder("peer");
  const Server listening = stage.listen(peer->factory());
  const auto working =
      begin(stage, with_timeout(50ms, [](Loop& loop, ConnectOptions options) -> awaitable<void> {
              const Stream stream = co_await open_connection(loop, std::move(options));
              co_await stream.reader.read_line();
            }(stage.client(), stage.address_of(listening))));
  stage.run_until([&] { return peer->made(); }, "the connection");
  CHECK(working.error() == "timed_out");
  stage.run_until_lost(*peer);
  CHECK(peer->events() == "CM ER CL");
  listening.close();
}

CONTRACT_TEST("STR-08", "a timeout around a handshake ends it with timed_out and closes its socket") {
  const BarePeer peer(stage, /*silent=*/true);
  const std::size_t before = stage.open_descriptors();
  const auto opening = begin(stage, with_timeout(50ms, open_connection(stage.client(), peer.options())));
  CHECK(opening.error() == "timed_out");
  stage.run_until([&] { return peer.connected() && peer.plain().lost(); }, "the peer to be told");
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("STR-08", "in virtual time the longest timeout costs no real time") {
  if (!stage.simulated()) return;
  Line line = connect_line(stage);
  const auto reading = begin(stage, with_timeout(1min, with_timeout(24h * 365, line.reader().read(1))));
  const auto begun = std::chrono::steady_clock::now();
  CHECK(reading.error() == "timed_out");
  CHECK(std::chrono::steady_clock::now() - begun < 1s);
  hang_up(stage, line);
}

}  // namespace
}  // namespace twinwire::contract
