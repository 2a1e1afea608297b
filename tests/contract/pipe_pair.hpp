// Both ends of a pipe, on the server's host.
#pragma once

#include "recorder.hpp"
#include "stage.hpp"

#include <functional>
#include <memory>

namespace twinwire::contract {

struct PipePair {
  std::shared_ptr<Recorder> reader;
  std::shared_ptr<Recorder> writer;
};

/// Once both have had connection_made. `prepare` is called for the reader before.
PipePair connect_pipe(Stage& stage, const std::function<void(Recorder&)>& prepare = [](Recorder&) {});

/// A connect_read_pipe or connect_write_pipe that has begun.
struct PipeConnecting {
  PipeConnecting(Stage& stage, NativeHandle handle, Direction direction);

  std::shared_ptr<Recorder> protocol;
  std::shared_ptr<Outcome<Connection>> outcome = Outcome<Connection>::make();
  Operation operation;
};

}  // namespace twinwire::contract
