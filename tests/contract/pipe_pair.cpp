#include "pipe_pair.hpp"

#include "endpoints.hpp"

#include <catch2/catch.hpp>

namespace twinwire::contract {

PipeConnecting::PipeConnecting(Stage& stage, NativeHandle handle, Direction direction)
    : protocol(stage.recorder(direction == Direction::receive ? "reader" : "writer")) {
  Loop& loop = stage.server();
  operation = as_user([&] {
    return direction == Direction::receive
               ? loop.connect_read_pipe(protocol->factory(), handle, outcome->completion())
               : loop.connect_write_pipe(protocol->factory(), handle, outcome->completion());
  });
}

PipePair connect_pipe(Stage& stage, const std::function<void(Recorder&)>& prepare) {
  const PipeEnds ends = stage.server().make_pipe();
  const PipeConnecting reading(stage, ends.reading, Direction::receive);
  prepare(*reading.protocol);
  const PipeConnecting writing(stage, ends.writing, Direction::send);
  stage.run_until([&] { return reading.outcome->done() && writing.outcome->done(); },
                  "both ends of the pipe to be connected");
  REQUIRE(reading.outcome->succeeded());
  REQUIRE(writing.outcome->succeeded());
  return {reading.protocol, writing.protocol};
}

}  // namespace twinwire::contract
