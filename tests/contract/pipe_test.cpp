// Pipes: each end is a transport of one direction.
#include "endpoints.hpp"
#include "harness.hpp"
#include "pipe_pair.hpp"
#include "unix_service.hpp"

#include <stdexcept>

namespace twinwire::contract {
namespace {

void run_until_lost(Stage& stage, const PipePair& pair) {
  stage.run_until([&] { return pair.reader->lost() && pair.writer->lost(); }, "both ends to be lost");
}

void run_until_received(Stage& stage, const PipePair& pair, std::size_t size) {
  stage.run_until_received(*pair.reader, size);
}

CONTRACT_TEST("GEN-05",
              "a pipe is connected after connection_made; bytes and an end that came before wait for it") {
  const PipeEnds ends = stage.server().make_pipe();
  const PipeConnecting writing(stage, ends.writing, Direction::send);
  stage.run_until([&] { return writing.outcome->done(); }, "the writer to be connected");
  CHECK(writing.protocol->made());
  writing.protocol->transport.write("early");
  writing.protocol->transport.close();
  stage.run_until_lost(*writing.protocol);
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  stage.run_until([&] { return reading.outcome->done(); }, "the reader to be connected");
  CHECK(reading.protocol->events().starts_with("CM"));
  stage.run_until_lost(*reading.protocol);
  CHECK(reading.protocol->events() == "CM DR:early ER CL");
}

CONTRACT_TEST("PIPE-01", "data, then the end of the pipe: eof_received, and the transport closes itself") {
  for (const bool keep_open : {false, true}) {
    const PipePair pair = connect_pipe(stage);
    pair.reader->keep_open = keep_open;
    pair.writer->transport.write("hello");
    run_until_received(stage, pair, 5);
    pair.writer->transport.close();
    run_until_lost(stage, pair);
    CHECK(pair.reader->events() == "CM DR:hello ER CL");
    CHECK(pair.writer->events() == "CM CL");
  }
}

CONTRACT_TEST("PIPE-01", "a buffered protocol can read a pipe") {
  const PipePair pair = connect_pipe(stage, [](Recorder& reader) { reader.buffered = true; });
  pair.writer->transport.write("hello");
  run_until_received(stage, pair, 5);
  pair.writer->transport.close();
  run_until_lost(stage, pair);
  CHECK(pair.reader->events() == "CM BU:hello ER CL");
}

CONTRACT_TEST("PIPE-01", "reading can be paused, also at the end") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->transport.pause_reading();
  CHECK_FALSE(pair.reader->transport.is_reading());
  pair.writer->transport.write("hello");
  pair.writer->transport.close();
  stage.run_until_lost(*pair.writer);
  stage.settle();
  CHECK(pair.reader->events() == "CM");
  pair.reader->transport.resume_reading();
  run_until_lost(stage, pair);
  CHECK(pair.reader->events() == "CM DR:hello ER CL");
}

CONTRACT_TEST("PIPE-02", "what is written arrives in order; close sends what is buffered first") {
  constexpr std::size_t size = std::size_t{1024} * 1024;
  const PipePair pair = connect_pipe(stage);
  for (std::size_t sent = 0; sent < size; sent += 64 * 1024) {
    pair.writer->transport.write(pattern(64 * 1024, sent));
  }
  CHECK(pair.writer->transport.get_write_buffer_size() > 0);
  pair.writer->transport.close();
  CHECK(pair.writer->transport.is_closing());
  run_until_lost(stage, pair);
  CHECK(pair.reader->received() == pattern(size));
  CHECK(pair.writer->events() == "CM PW RW CL");
}

CONTRACT_TEST("PIPE-02", "segments are gathered, however many there are") {
  const PipePair pair = connect_pipe(stage);
  pair.writer->transport.writelines({"a", "", "bc", "def"});
  std::string expected = "abcdef";
  {
    const Cork cork = pair.writer->transport.raw().cork();
    for (int i = 0; i < 200; ++i) pair.writer->transport.write("x");
  }
  expected += std::string(200, 'x');
  std::vector<Bytes> many(200, as_bytes("y"));
  as_user([&] { pair.writer->transport.raw().writelines(many); });
  expected += std::string(200, 'y');
  run_until_received(stage, pair, expected.size());
  CHECK(pair.reader->received() == expected);
}

CONTRACT_TEST("PIPE-03", "an idle writer is told that nobody reads any more") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->transport.close();
  run_until_lost(stage, pair);
  CHECK(pair.reader->events() == "CM CL");
  CHECK(pair.writer->events() == "CM CL");
}

CONTRACT_TEST("PIPE-03", "a writer with unsent data is told so, with broken_pipe") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->transport.pause_reading();
  pair.writer->transport.set_write_buffer_limits(10'000'000);
  clog(pair.writer->transport);
  pair.reader->transport.abort();
  run_until_lost(stage, pair);
  CHECK(pair.writer->events() == "CM CL:broken_pipe");
}

CONTRACT_TEST("PIPE-03", "so is one that holds its data back") {
  const PipePair pair = connect_pipe(stage);
  const Cork cork = pair.writer->transport.raw().cork();
  pair.writer->transport.write("held back");
  pair.reader->transport.close();
  run_until_lost(stage, pair);
  CHECK(pair.writer->events() == "CM CL:broken_pipe");
}

CONTRACT_TEST("PIPE-03", "writing to a broken pipe is an error, and raises no signal") {
  const PipeEnds ends = stage.server().make_pipe();
  error_code error;
  const auto wire = stage.server().backend().adopt_pipe(ends.writing, Direction::send, error);
  stage.server().close_handle(ends.reading);
  const Bytes bytes = as_bytes("into the void");
  const IoResult result = wire->write_some({&bytes, 1});
  CHECK(result.bytes == 0);
  CHECK(name_of(result.error) == "broken_pipe");
}

CONTRACT_TEST("PIPE-04", "write_eof is the same as close, and later writes are dropped") {
  const PipePair pair = connect_pipe(stage);
  CHECK(pair.writer->transport.can_write_eof());
  CHECK_FALSE(pair.reader->transport.can_write_eof());
  pair.reader->transport.pause_reading();
  const std::size_t written = clog(pair.writer->transport);
  pair.writer->transport.write_eof();
  CHECK(pair.writer->transport.is_closing());
  pair.writer->transport.write("dropped");
  pair.writer->transport.write_eof();
  pair.reader->transport.resume_reading();
  run_until_lost(stage, pair);
  CHECK(pair.reader->received() == pattern(written));
  CHECK(pair.writer->events() == "CM PW RW CL");
}

CONTRACT_TEST("PIPE-05", "get_extra_info gives the pipe, also after close") {
  const PipeEnds ends = stage.server().make_pipe();
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  const PipeConnecting writing(stage, ends.writing, Direction::send);
  stage.run_until([&] { return writing.outcome->done(); }, "the pipe to be connected");
  const auto pipe_of = [](const Recorder& end) {
    return std::get<NativeHandle>(end.transport.raw().get_extra_info("pipe", NativeHandle{-2}));
  };
  CHECK(pipe_of(*reading.protocol) == ends.reading);
  CHECK(pipe_of(*writing.protocol) == ends.writing);
  CHECK_FALSE(reading.protocol->transport.raw().peername());
  writing.protocol->transport.close();
  reading.protocol->transport.close();
  CHECK(pipe_of(*reading.protocol) == ends.reading);
  stage.run_until_lost(*reading.protocol);
  stage.run_until_lost(*writing.protocol);
  CHECK(pipe_of(*writing.protocol) == ends.writing);
}

CONTRACT_TEST("PIPE-06", "closing with unread data: connection_lost alone") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->transport.pause_reading();
  pair.writer->transport.write("never read");
  stage.settle();
  pair.reader->transport.close();
  run_until_lost(stage, pair);
  CHECK(pair.reader->events() == "CM CL");
  CHECK(pair.writer->events() == "CM CL");
}

CONTRACT_TEST("PIPE-07", "a pipe that is full and then broken: connection_lost once, and no resume_writing") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->transport.pause_reading();
  clog(pair.writer->transport);
  REQUIRE(pair.writer->write_paused());
  pair.reader->transport.close();
  run_until_lost(stage, pair);
  CHECK(pair.writer->events() == "CM PW CL:broken_pipe");
}

CONTRACT_TEST("PIPE-07", "a pipe that is full goes on as it is read, and pauses its writer again") {
  const PipePair pair = connect_pipe(stage);
  std::size_t written = 0;
  for (int round = 0; round < 3; ++round) {
    pair.reader->transport.pause_reading();
    while (!pair.writer->write_paused()) {
      pair.writer->transport.write(pattern(5000, written));
      written += 5000;
    }
    pair.reader->transport.resume_reading();
    stage.run_until([&] { return !pair.writer->write_paused(); }, "the writer to resume");
  }
  run_until_received(stage, pair, written);
  CHECK(pair.reader->received() == pattern(written));
  CHECK(pair.writer->events() == "CM PW RW PW RW PW RW");
}

CONTRACT_TEST("PIPE-08", "a data_received that throws ends the connection") {
  const PipePair pair = connect_pipe(stage);
  pair.reader->on_data = [](std::string_view) { throw std::runtime_error("no"); };
  pair.writer->transport.write("x");
  run_until_lost(stage, pair);
  CHECK(pair.reader->events() == "CM DR:x CL:callback_failure");
  const auto reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports.front().what == "no");
  CHECK(reports.front().transport == pair.reader->transport.raw());
}

CONTRACT_TEST("PIPE-09", "a cancelled operation closes the descriptor, once") {
  const std::size_t before = stage.open_descriptors();
  const PipeEnds ends = stage.server().make_pipe();
  CHECK(stage.open_descriptors() == before + 2);
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  const PipeConnecting writing(stage, ends.writing, Direction::send);
  as_user([&] {
    reading.operation.cancel();
    writing.operation.cancel();
  });
  // Their numbers, which belong to somebody else from here on.
  const PipeEnds others = stage.server().make_pipe();
  CHECK(others.reading == ends.reading);
  stage.run_until([&] { return reading.outcome->done() && writing.outcome->done(); }, "both to be cancelled");
  CHECK(reading.outcome->error() == "operation_aborted");
  CHECK(writing.outcome->error() == "operation_aborted");
  stage.settle();
  CHECK(stage.open_descriptors() == before + 2);
  stage.server().close_handle(others.reading);
  stage.server().close_handle(others.writing);
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("PIPE-09", "a connected descriptor is closed once, and its number then left alone") {
  const std::size_t before = stage.open_descriptors();
  const PipePair pair = connect_pipe(stage);
  pair.writer->transport.close();
  run_until_lost(stage, pair);
  CHECK(stage.open_descriptors() == before);
  const PipePair next = connect_pipe(stage);
  pair.reader->transport.abort();
  pair.writer->transport.abort();
  next.writer->transport.write("hello");
  run_until_received(stage, next, 5);
}

CONTRACT_TEST("PIPE-09", "what cannot be read or written is refused, and stays its owner's") {
  const PipeEnds ends = stage.server().make_pipe();
  const auto try_read = [&](NativeHandle handle) {
    stage.server().connect_read_pipe(stage.recorder("never")->factory(), handle, {});
  };
  const auto try_write = [&](NativeHandle handle) {
    stage.server().connect_write_pipe(stage.recorder("never")->factory(), handle, {});
  };
  CHECK_THROWS_AS(try_read(ends.writing), std::invalid_argument);
  CHECK_THROWS_AS(try_write(ends.reading), std::invalid_argument);
  CHECK_THROWS_AS(try_read(NativeHandle{}), std::invalid_argument);
  CHECK_THROWS_AS(try_read(NativeHandle{9999}), std::invalid_argument);
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  const PipeConnecting writing(stage, ends.writing, Direction::send);
  stage.run_until([&] { return reading.outcome->done() && writing.outcome->done(); }, "both to be connected");
}

CONTRACT_TEST("PIPE-09", "an end that a protocol refuses to take is closed") {
  const std::size_t before = stage.open_descriptors();
  const PipeEnds ends = stage.server().make_pipe();
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  reading.protocol->on_made = [] { throw std::runtime_error("no"); };
  stage.run_until([&] { return reading.outcome->done() && reading.protocol->lost(); }, "it to fail");
  CHECK(reading.outcome->error() == "callback_failure");
  CHECK(stage.take_reports().size() == 1);
  stage.server().close_handle(ends.writing);
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("GEN-01", "the ends of a pipe have one direction") {
  const PipePair pair = connect_pipe(stage);
  CHECK_THROWS_AS(pair.reader->transport.write("x"), std::logic_error);
  CHECK(pair.reader->transport.is_reading());
  CHECK_FALSE(pair.writer->transport.is_reading());
  pair.writer->transport.pause_reading();
  pair.writer->transport.resume_reading();
  CHECK_FALSE(pair.writer->transport.is_reading());
  pair.reader->transport.write_eof();
  CHECK_FALSE(pair.reader->transport.is_closing());
  CHECK_THROWS_AS(pair.writer->transport.get_option(Option::keep_alive), OperationError);
  pair.writer->transport.write("hello");
  run_until_received(stage, pair, 5);
}

CONTRACT_TEST("GEN-02", "closing the loop ends both ends of a pipe") {
  const PipePair pair = connect_pipe(stage);
  pair.writer->transport.write("hello");
  // The end of every test closes the loops, and looks at every story.
}

}  // namespace
}  // namespace twinwire::contract
