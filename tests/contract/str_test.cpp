// Streams for coroutines: opening and closing, the reader.
#include "coroutines.hpp"
#include "harness.hpp"

#include <chrono>
#include <stdexcept>
#include <vector>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// A server with this handler, at the stage's address.
Server serve(Stage& stage, StreamHandler handler) {
  const auto outcome = Outcome<Server>::make();
  start_server(stage.server(), std::move(handler), ServerOptions(stage.server_address(), 0), StreamOptions(),
               outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the server to listen");
  REQUIRE(outcome->succeeded());
  return outcome->value;
}

awaitable<void> echo(StreamReader reader, StreamWriter writer) {
  for (std::string data = co_await reader.read(100); !data.empty(); data = co_await reader.read(100)) {
    writer.write(data);
    co_await writer.drain();
  }
}

Stream open(Stage& stage, const Server& listening) {
  return play(stage, open_connection(stage.client(), stage.address_of(listening)));
}

void run_until_empty(Stage& stage, const Server& listening) {
  stage.run_until([&] { return listening.connections() == 0; }, "all connections to end");
}

CONTRACT_TEST("STR-01", "open_connection and start_server give a reader and a writer over one transport") {
  const Server listening = serve(stage, echo);
  {
    const Stream stream = open(stage, listening);
    CHECK(std::get<Address>(stream.writer.get_extra_info("peername")) == listening.sockets().at(0).sockname);
    CHECK(stream.writer.can_write_eof());
    stream.writer.write("hello ");
    const std::vector<Bytes> more{as_bytes("wor"), as_bytes("ld")};
    stream.writer.writelines(more);
    CHECK(play(stage, stream.reader.read_exactly(11)) == "hello world");
    stream.writer.write_eof();
    CHECK(play(stage, stream.reader.read_all()).empty());
    CHECK(stream.reader.at_eof());
    CHECK_FALSE(stream.writer.is_closing());
  }
  run_until_empty(stage, listening);
  listening.close();
}

CONTRACT_TEST("STR-01", "closing the writer and waiting for it completes after connection_lost") {
  Line line = connect_line(stage);
  const std::size_t before = stage.open_descriptors();
  const Transport transport = line.writer().transport();
  line.writer().write("flushed");
  line.writer().close();
  CHECK(line.writer().is_closing());
  CHECK(transport.get_protocol());
  play(stage, line.writer().wait_closed());
  CHECK_FALSE(transport.get_protocol());
  CHECK(stage.open_descriptors() < before);
  play(stage, line.writer().wait_closed());
  stage.run_until_lost(*line.peer);
  CHECK(line.peer->events() == "CM DR:flushed ER CL");
}

CONTRACT_TEST("STR-01", "waiting for the writer to close tells the error that ended the connection") {
  Line line = connect_line(stage);
  const auto waiting = begin(stage, line.writer().wait_closed());
  stage.settle();
  CHECK_FALSE(waiting.done());
  line.peer->transport.abort();
  CHECK(waiting.error() == "connection_reset");
  CHECK(begin(stage, line.writer().wait_closed()).error() == "connection_reset");
}

CONTRACT_TEST("STR-01",
              "a connection is closed when its handler has returned, and when its last writer goes") {
  const Server listening = serve(stage, [](StreamReader reader, StreamWriter writer) -> awaitable<void> {
    writer.write(co_await reader.read_line());
  });
  std::optional<Stream> stream = open(stage, listening);
  stream->writer.write("last words\n");
  CHECK(play(stage, stream->reader.read_all()) == "last words\n");
  run_until_empty(stage, listening);
  const Transport transport = stream->writer.transport();
  StreamWriter copy = stream->writer;
  stream.reset();
  CHECK_FALSE(transport.is_closing());
  copy = StreamWriter();
  CHECK(transport.is_closing());
  listening.close();
  stage.settle();
}

CONTRACT_TEST("STR-01", "an exception that escapes a handler is reported, and its connection aborted") {
  const Server listening = serve(stage, [](StreamReader reader, StreamWriter) -> awaitable<void> {
    if (co_await reader.read_line() == "throw\n") throw std::runtime_error("on purpose");
  });
  const Stream unlucky = open(stage, listening);
  unlucky.writer.write("throw\n");
  CHECK(begin(stage, unlucky.reader.read(1)).error() == "connection_reset");
  const auto reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].what == "on purpose");
  CHECK(reports[0].transport.is_closing());
  CHECK(reports[0].protocol);
  const Stream next = open(stage, listening);
  next.writer.write("fine\n");
  CHECK(play(stage, next.reader.read(1)).empty());
  next.writer.close();
  run_until_empty(stage, listening);
  listening.close();
  stage.settle();
}

CONTRACT_TEST("STR-02",
              "above twice its limit the reader pauses the transport, and resumes it at the limit") {
  Line line = connect_line(stage, StreamOptions(1000));
  const Transport transport = line.writer().transport();
  CHECK(line.reader().limit() == 1000);
  const std::string data = pattern(2500);
  line.peer->transport.write(data.substr(0, 2000));
  stage.settle();
  CHECK(transport.is_reading());
  line.peer->transport.write(data.substr(2000, 1));
  stage.run_until([&] { return !transport.is_reading(); }, "the transport to be paused");
  line.peer->transport.write(data.substr(2001));
  stage.settle();
  CHECK(play(stage, line.reader().read(1000)) == data.substr(0, 1000));
  CHECK_FALSE(transport.is_reading());
  CHECK(play(stage, line.reader().read(1)) == data.substr(1000, 1));
  CHECK(transport.is_reading());
  CHECK(play(stage, line.reader().read_exactly(1499)) == data.substr(1001));
  hang_up(stage, line);
}

CONTRACT_TEST("STR-02", "the limit is 64 KiB by default, and nothing is lost by pausing") {
  const auto peer = stage.recorder("peer");
  peer->send_buffer = 64 * 1024;
  Line line = connect_line(stage, peer);
  CHECK(line.reader().limit() == 64 * 1024);
  const std::size_t written = clog(peer->transport);
  stage.run_until([&] { return !line.writer().transport().is_reading(); }, "the reader to be full");
  peer->transport.close();
  std::string received;
  for (std::string data = play(stage, line.reader().read(50'000)); !data.empty();
       data = play(stage, line.reader().read(50'000))) {
    received += data;
  }
  CHECK((received == pattern(written)));
  hang_up(stage, line);
}

CONTRACT_TEST("STR-03", "read returns at least one byte and at most n, or, only at the end, none") {
  Line line = connect_line(stage);
  const auto reading = begin(stage, line.reader().read(4));
  CHECK_FALSE(reading.done());
  line.peer->transport.write("hello");
  std::string received = reading.get();
  CHECK_FALSE(received.empty());
  CHECK(received.size() <= 4);
  while (received.size() < 5) {
    const std::string data = play(stage, line.reader().read(4));
    REQUIRE_FALSE(data.empty());
    received += data;
  }
  CHECK(received == "hello");
  CHECK(play(stage, line.reader().read(0)).empty());
  CHECK_FALSE(line.reader().at_eof());
  const auto at_end = begin(stage, line.reader().read(4));
  line.peer->transport.write_eof();
  CHECK(at_end.get().empty());
  CHECK(line.reader().at_eof());
  CHECK(play(stage, line.reader().read(4)).empty());
  hang_up(stage, line);
}

CONTRACT_TEST("STR-03", "read_exactly returns n bytes, however many that are and however they come") {
  Line line = connect_line(stage, StreamOptions(1000));
  const std::string data = pattern(10'000);
  const auto reading = begin(stage, line.reader().read_exactly(9'000));
  for (std::size_t at = 0; at < data.size(); at += 2'500) {
    line.peer->transport.write(data.substr(at, 2'500));
    if (at != 7'500) stage.settle();
  }
  CHECK((reading.get() == data.substr(0, 9'000)));
  CHECK(play(stage, line.reader().read_exactly(0)).empty());
  std::array<std::byte, 1000> space{};
  std::size_t filled = 0;
  while (filled < space.size())
    filled += play(stage, line.reader().read_into(MutableBytes(space).subspan(filled)));
  CHECK((as_text(space) == data.substr(9'000)));
  hang_up(stage, line);
}

CONTRACT_TEST("STR-03", "read_exactly fails at the end with the partial bytes and n") {
  Line line = connect_line(stage);
  const auto reading = begin(stage, line.reader().read_exactly(10));
  line.peer->transport.write("short");
  line.peer->transport.write_eof();
  try {
    reading.get();
    FAIL("it returned");
  } catch (const IncompleteReadError& error) {
    CHECK(error.code() == Error::incomplete_read);
    CHECK(error.partial() == "short");
    CHECK(error.expected() == 10);
  }
  CHECK(line.reader().at_eof());
  hang_up(stage, line);
}

CONTRACT_TEST("STR-04", "read_until finds separators that are cut over any number of chunks") {
  Line line = connect_line(stage);
  const std::string message = "a\r\n\rbc\r\n\r\n";
  for (const std::size_t cut : {1U, 7U, 8U, 9U}) {
    const auto reading = begin(stage, line.reader().read_until("\r\n\r\n"));
    line.peer->transport.write(message.substr(0, cut));
    stage.settle();
    CHECK_FALSE(reading.done());
    line.peer->transport.write(message.substr(cut) + "next");
    CHECK(reading.get() == message);
    CHECK(play(stage, line.reader().read_exactly(4)) == "next");
  }
  const auto byte_by_byte = begin(stage, line.reader().read_until("aab"));
  for (const char character : std::string("xaaab")) {
    CHECK_FALSE(byte_by_byte.done());
    line.peer->transport.write(std::string(1, character));
    stage.settle();
  }
  CHECK(byte_by_byte.get() == "xaaab");
  CHECK_THROWS_AS(line.reader().read_until(""), std::invalid_argument);
  hang_up(stage, line);
}

CONTRACT_TEST("STR-04", "read_until fails past the limit, and the data stays readable") {
  Line line = connect_line(stage, StreamOptions(10));
  const auto expect_overrun = [&](const Awaited<std::string>& reading) {
    try {
      reading.get();
      FAIL("it returned");
    } catch (const LimitOverrunError& error) {
      CHECK(error.code() == Error::limit_overrun);
      CHECK(error.consumed() > 10);
      CHECK(error.consumed() <= 12);
    }
  };
  line.peer->transport.write("0123456789||");  // exactly the limit in front of the separator
  CHECK(play(stage, line.reader().read_until("||")) == "0123456789||");
  line.peer->transport.write("0123456789X||");
  stage.settle();
  expect_overrun(begin(stage, line.reader().read_until("||")));
  expect_overrun(begin(stage, line.reader().read_until("||")));
  CHECK(play(stage, line.reader().read_exactly(13)) == "0123456789X||");
  const auto unfinished = begin(stage, line.reader().read_until("||"));
  line.peer->transport.write("0123456789XY");
  expect_overrun(unfinished);
  line.peer->transport.write("Z");
  CHECK(play(stage, line.reader().read_exactly(13)) == "0123456789XYZ");
  hang_up(stage, line);
}

CONTRACT_TEST("STR-04", "read_until fails at the end without a separator, with the partial bytes") {
  Line line = connect_line(stage);
  line.peer->transport.write("one\ntwo");
  line.peer->transport.write_eof();
  CHECK(play(stage, line.reader().read_until("\n")) == "one\n");
  SECTION("read_until") {
    try {
      play(stage, line.reader().read_until("\n"));
      FAIL("it returned");
    } catch (const IncompleteReadError& error) {
      CHECK(error.partial() == "two");
      CHECK_FALSE(error.expected());
    }
  }
  SECTION("read_line takes it for a line") {
    CHECK(play(stage, line.reader().read_line()) == "two");
    CHECK(play(stage, line.reader().read_line()).empty());
  }
  CHECK(line.reader().at_eof());
  hang_up(stage, line);
}

}  // namespace
}  // namespace twinwire::contract
