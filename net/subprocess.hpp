// Child processes: the protocol that a user writes, the handle to the child, and how one is asked for.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace twinwire {

namespace detail {
class SubprocessState;
}

/// A child process, as its parent sees it. Closing it closes its pipes and kills a child that still runs;
/// abort does so too, and waits until the child is gone, which takes a moment. Its write buffer is that of no
/// pipe: ask the pipe's transport. The rest is said at BaseTransport.
///
/// asyncio's SubprocessTransport:
/// https://docs.python.org/3/library/asyncio-protocol.html#subprocess-transports
class SubprocessTransport : public BaseTransport {
 public:
  SubprocessTransport() = default;
  explicit SubprocessTransport(detail::Ref<detail::SubprocessState> state) noexcept;

  /// The number of the process; -1 for a default-constructed handle.
  int get_pid() const;
  /// Nothing while the child runs; then its exit status, or -N if signal N has killed it.
  std::optional<int> get_returncode() const;
  /// The child's stdin (0), to write to, stdout (1) or stderr (2), to be read from: for its water marks, to
  /// pause, to close. An empty handle where there is no pipe.
  Transport get_pipe_transport(int fd) const;

  /// Sends a signal. Throws OperationError: no_such_process once the return code is known, invalid_argument
  /// for what is no signal.
  void send_signal(int number) const;
  /// SIGTERM.
  void terminate() const;
  /// SIGKILL.
  void kill() const;
};

/// Callbacks of a child process. When they are made, and what becomes of exceptions, is said in protocol.hpp;
/// one that throws in pipe_data_received ends that pipe, one in process_exited is reported only.
/// pause_writing and resume_writing speak of the child's stdin.
///
/// https://docs.python.org/3/library/asyncio-protocol.html#subprocess-protocols
class SubprocessProtocol : public BaseProtocol {
 public:
  /// The child was started. Called once, before all others.
  virtual void connection_made(SubprocessTransport transport) { static_cast<void>(transport); }

  /// The child has written at least one byte to stdout (1) or stderr (2). `data` is valid during the call.
  virtual void pipe_data_received(int fd, Bytes data) {
    static_cast<void>(fd);
    static_cast<void>(data);
  }

  /// A pipe is gone. Called once for each; no more comes from it.
  virtual void pipe_connection_lost(int fd, error_code error) {
    static_cast<void>(fd);
    static_cast<void>(error);
  }

  /// The child has ended, and its return code is known. Called once. Pipes may go on: what is in them is
  /// still delivered, and the child's own children may hold them open.
  virtual void process_exited() {}
};

/// Makes the protocol of a new child, before that is started. Called once; may throw.
using SubprocessProtocolFactory = UniqueFunction<std::shared_ptr<SubprocessProtocol>()>;

/// What one of a child's standard streams is.
class Redirect {
 public:
  enum class Kind : std::uint8_t { pipe, inherit, null, to_stdout, handle };

  /// A pipe to the parent.
  static Redirect pipe() { return Redirect(Kind::pipe); }
  /// The parent's own.
  static Redirect inherit() { return Redirect(Kind::inherit); }
  /// Nothing comes, and what is written vanishes (/dev/null).
  static Redirect null() { return Redirect(Kind::null); }
  /// Of stderr only: the same as stdout.
  static Redirect to_stdout() { return Redirect(Kind::to_stdout); }
  /// A descriptor of the parent's, which stays its own.
  static Redirect handle(NativeHandle handle) { return Redirect(Kind::handle, handle); }

  Kind kind() const noexcept { return kind_; }
  NativeHandle native_handle() const noexcept { return handle_; }

 private:
  explicit Redirect(Kind kind, NativeHandle handle = {}) : kind_(kind), handle_(handle) {}

  Kind kind_;
  NativeHandle handle_;
};

/// Names and values of environment variables.
using Environment = std::map<std::string, std::string>;

/// The child that subprocess_exec starts. It has default signals and an empty mask, and no descriptors but
/// its standard streams.
struct SubprocessOptions {
  SubprocessOptions() = default;
  SubprocessOptions(std::string program_name, std::vector<std::string> program_arguments)
      : program(std::move(program_name)), arguments(std::move(program_arguments)) {}

  /// A path, or a name that is looked for in the PATH of the child's environment.
  std::string program;
  /// Without the program itself.
  std::vector<std::string> arguments;
  /// All of the child's environment; nothing: the parent's.
  std::optional<Environment> env;
  /// The directory that the child starts in; empty: the parent's. A program with a relative path is looked
  /// for from there.
  std::string cwd;
  /// The child has a session of its own (setsid(2)), and no terminal: what the terminal sends to all in its
  /// foreground when somebody presses Ctrl-C is for the parent alone.
  bool start_new_session = false;
  Redirect stdin_stream = Redirect::pipe();
  Redirect stdout_stream = Redirect::pipe();
  Redirect stderr_stream = Redirect::pipe();
};

/// A child that was started: the transport, and the protocol that the factory made for it.
struct Subprocess {
  SubprocessTransport transport;
  std::shared_ptr<SubprocessProtocol> protocol;
};

}  // namespace twinwire
