// What a backend supplies for child processes and pipes.
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <memory>
#include <optional>

namespace twinwire {

/// Both ends of a pipe.
struct PipeEnds {
  NativeHandle reading;
  NativeHandle writing;
};

/// A child process. Its sink's on_hang_up tells that it has ended, once. Closing or destroying it kills a
/// child that still runs, and waits for its end, so that none is left behind. Loop thread only.
class ProcessWire : public Socket {
 public:
  /// Starts the child. Once.
  virtual error_code start() = 0;
  /// This side's end of the child's stdin (0), stdout (1) or stderr (2), where that is a pipe; once each.
  virtual std::unique_ptr<Wire> take_pipe(int number) = 0;

  virtual int pid() const noexcept = 0;
  /// How it has ended, from before on_hang_up on: the exit status, or -N for signal N.
  virtual std::optional<int> returncode() const noexcept = 0;
  /// no_such_process once returncode() is known.
  virtual error_code send_signal(int number) = 0;

  const char* handle_name() const final { return "process"; }
};

}  // namespace twinwire
