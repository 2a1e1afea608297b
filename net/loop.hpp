// The event loop: the one object from which everything else is asked for. It is passed explicitly and never
// global. Which backend it runs on was decided by whoever made it; nothing here can tell.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/datagram.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/events/scheduled_call.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/sendfile.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/net/unix.hpp>
#include <twinwire/net/wire/backend.hpp>
#include <twinwire/net/wire/resolver.hpp>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace twinwire {

class Executor;
class Observer;

namespace detail {
class ServerState;
template <class Interface>
class TransportLife;
struct ServerTag;
}  // namespace detail

/// What the exception handler is told.
struct ExceptionContext {
  std::string message;
  std::exception_ptr exception;
  BaseTransport transport;                 ///< empty if the failure belongs to none
  std::shared_ptr<BaseProtocol> protocol;  ///< null if the failure belongs to none
};

using ExceptionHandler = UniqueFunction<void(const ExceptionContext&)>;

/// asyncio's event loop: https://docs.python.org/3/library/asyncio-eventloop.html
///
/// All methods are for the loop's own thread, call_soon_threadsafe excepted. Destroying a loop destroys what
/// is on it without any callbacks; close() ends everything in order first.
class Loop {
 public:
  explicit Loop(std::unique_ptr<detail::Backend> backend);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // --- clocks ---

  /// The monotonic clock, of call_at and all deadlines.
  TimePoint time() const noexcept { return backend_->time(); }
  /// The calendar.
  WallTime wall_time() const noexcept { return backend_->wall_time(); }

  // --- callbacks ---
  // Each throws std::invalid_argument for an empty callback. On a closed loop nothing is ever called.

  /// Calls once, in the next turn, in the order of registration.
  Handle call_soon(Callback callback);
  /// Calls once, when `delay` has passed; in the next turn if it is zero or negative.
  Handle call_later(Duration delay, Callback callback);
  /// Calls once, when time() has reached `when`; in the next turn if it has already. Those that are due run
  /// in the order of their times, equal ones in that of scheduling.
  Handle call_at(TimePoint when, Callback callback);
  /// call_soon from any thread; wakes the loop. On a simulated loop, where no other thread may be, throws
  /// std::logic_error on any but the world's.
  void call_soon_threadsafe(Callback callback);

  /// Runs `function` off the loop's thread, then completes on it with what the function returned or threw.
  /// A result is default-constructible: it is so on failure. Cancelling abandons the result only.
  template <class F>
  Operation run_in_executor(F function, detail::CompletionOf<std::invoke_result_t<F&>> done);

  // --- running ---

  /// Runs until stop(). Throws std::logic_error if it runs already, or was closed.
  void run_forever();
  /// Ends run_forever after the current turn; before it, lets it run one turn.
  void stop();
  bool is_running() const noexcept { return running_; }
  /// Aborts all connections and operations, runs what they and other threads have left to be called, and
  /// closes the loop for good. What begins meanwhile ends the same way, so that every operation completes and
  /// every connection is lost once; callbacks that go on for a thousand turns are cut off there. Timers do
  /// not fire any more, and signals have again the action that they had before. It may be another thread than
  /// the one that ran the loop. Throws std::logic_error while it runs. Closing again is harmless.
  void close();
  bool is_closed() const noexcept { return closed_; }

  // --- failures ---

  /// Who is told of failures that have no other receiver. An empty one restores the default, which prints to
  /// standard error on a real loop, and fails the run on a simulated one.
  void set_exception_handler(ExceptionHandler handler);
  void call_exception_handler(const ExceptionContext& context) noexcept;

  // --- connections ---

  /// Resolves and connects; completes after connection_made has returned.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_connection
  Operation create_connection(ProtocolFactory factory, ConnectOptions options, Completion<Connection> done);
  /// Resolves, binds, and (by default) accepts.
  Operation create_server(ProtocolFactory factory, ServerOptions options, Completion<Server> done);
  /// Connects to a Unix stream socket; completes after connection_made has returned. Throws
  /// std::invalid_argument for a path that cannot be one, for both path and sock or neither, and for a sock
  /// that is no connected Unix stream socket. A full backlog is waited for, as long as TCP does.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_unix_connection
  Operation create_unix_connection(ProtocolFactory factory, UnixConnectOptions options,
                                   Completion<Connection> done);
  /// Binds a Unix stream socket, and (by default) accepts. Throws as create_unix_connection does.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_unix_server
  Operation create_unix_server(ProtocolFactory factory, UnixServerOptions options, Completion<Server> done);
  /// Wraps a connected stream socket that was accepted elsewhere. It belongs to the loop from the call on,
  /// unless that throws: std::invalid_argument if it is no such socket. One whose peer has reset it meanwhile
  /// is, and is lost with connection_reset. With TLS it is the server's end, and connection_made comes after
  /// the handshake.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_accepted_socket
  Operation connect_accepted_socket(ProtocolFactory factory, AcceptedSocketOptions options,
                                    Completion<Connection> done);
  /// Makes a connection secure: the new transport goes on with `protocol`, to which no second connection_made
  /// is called, and which uses it from then on. What was written before is sent in clear in front of the
  /// handshake; what has arrived and was not delivered belongs to the handshake. If that fails, or is
  /// cancelled, the connection is closed, and the protocol's connection_lost tells why. Throws
  /// std::invalid_argument without a context, for one of the other side, and for a transport that is no
  /// stream; std::logic_error for one that is closing, or ended in one direction.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.start_tls
  Operation start_tls(const BaseTransport& transport, std::shared_ptr<BaseProtocol> protocol,
                      StartTlsOptions options, Completion<Transport> done);
  /// Resolves, and opens a socket for datagrams; completes after connection_made has returned.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_datagram_endpoint
  Operation create_datagram_endpoint(DatagramProtocolFactory factory, DatagramOptions options,
                                     Completion<DatagramEndpoint> done);
  /// Reads from a pipe, or what can be used as one (a socket, a terminal). The descriptor belongs to the loop
  /// from the call on, unless that throws: std::invalid_argument if it cannot be read from in this way. At
  /// the end of the pipe the transport closes itself, whatever eof_received returns.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_read_pipe
  Operation connect_read_pipe(ProtocolFactory factory, NativeHandle pipe, Completion<Connection> done);
  /// Writes to a pipe. The same, but that connection_lost also tells that nobody reads any more: with
  /// broken_pipe if something was still to be written. write_eof is the same as close.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_write_pipe
  Operation connect_write_pipe(ProtocolFactory factory, NativeHandle pipe, Completion<Connection> done);
  /// A new pipe. Both ends belong to the caller, until they are given to a loop or a child, or closed. Throws
  /// OperationError when there is no descriptor left. https://man7.org/linux/man-pages/man7/pipe.7.html
  PipeEnds make_pipe();
  /// Closes a descriptor that no loop has taken over. Does nothing for one that is not open.
  void close_handle(NativeHandle handle);
  /// Sends a file through a stream, behind what was written before; nothing else can be written until the
  /// operation has completed, with the number of bytes sent. The position of the file is left behind the last
  /// of them. The descriptor stays the caller's, and open until then. Uses the system's sendfile(2) where it
  /// can. Throws std::invalid_argument for a negative offset, a count that is not positive, what is no open
  /// file or no stream that can be written to, and where a transport needs the fallback that is switched off;
  /// throws std::logic_error if the transport is closing. A connection that ends meanwhile fails the
  /// operation. https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.sendfile
  Operation sendfile(const BaseTransport& transport, NativeHandle file, SendfileOptions options,
                     Completion<std::uint64_t> done);
  /// Opens a file for reading; close_handle closes it. Throws OperationError if that is not possible.
  NativeHandle open_file(const std::string& path);
  /// Starts a child process; completes after connection_made has returned. The operation fails with
  /// no_such_file_or_directory, before connection_made, if there is no such program or directory. Throws
  /// std::invalid_argument for options that make no sense.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.subprocess_exec
  Operation subprocess_exec(SubprocessProtocolFactory factory, SubprocessOptions options,
                            Completion<Subprocess> done);
  /// The same with a command for the system's shell: `options` names neither a program nor arguments.
  /// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.subprocess_shell
  Operation subprocess_shell(SubprocessProtocolFactory factory, std::string command,
                             SubprocessOptions options, Completion<Subprocess> done);
  /// Looks a name up.
  Operation getaddrinfo(std::string host, Port port, ResolveOptions options,
                        Completion<std::vector<Address>> done);
  /// Looks up names for all of the above instead of the system's resolver, or the world's: to ask another
  /// source, or to decide what a name means. A numeric host with a numeric port is never looked up. An empty
  /// one gives way to the system's again; look-ups that have begun go on.
  void set_resolver(Resolver resolver);

  // --- signals ---

  /// Calls as an ordinary callback, for each arrival of the signal. Replaces what was there for it.
  void add_signal_handler(int signal_number, Callback callback);
  /// True if there was one.
  bool remove_signal_handler(int signal_number);

  // --- the rest ---

  /// 64 random bits: from the seed of the world, or of the system on a real loop.
  std::uint64_t random();
  /// Decisions that are replayed and shrunk with the run.
  Choices& choices() noexcept { return backend_->choices(); }
  /// The host's name, empty on a real loop.
  const std::string& name() const noexcept { return backend_->name(); }
  /// Who watches, or null. It outlives the loop, or is taken away before.
  void set_observer(Observer* observer) noexcept { observer_ = observer; }
  Observer* observer() const noexcept { return observer_; }
  /// An executor for Asio (<twinwire/net/executor.hpp>): co_spawn, strands, channels.
  Executor get_executor() noexcept;

  /// What is still pending, in words; for reports.
  std::vector<std::string> pending_operations(bool with_background = false) const;

  // --- for backends and the library's own layers ---

  detail::Backend& backend() noexcept { return *backend_; }
  /// What the TLS layer keeps for this loop; null at first.
  std::shared_ptr<void>& tls_state() noexcept { return tls_state_; }
  /// Space that every read of this loop may use, one at a time.
  MutableBytes read_buffer() const noexcept { return read_buffer_; }
  /// What set_resolver was given last; null for the backend's own.
  const std::shared_ptr<Resolver>& resolver() const noexcept { return resolver_; }
  /// Runs what is ready now; what that makes ready waits for the next turn.
  void run_turn();
  bool has_ready() const noexcept { return !ready_.empty(); }
  bool stop_requested() const noexcept { return stopping_; }
  /// True while callbacks of this loop run.
  bool in_callback() const noexcept { return depth_ != 0; }
  /// A signal that is watched has arrived.
  void signal_arrived(int signal_number);
  /// Calls user code; what it throws goes to the exception handler.
  template <class F>
  void guard(F&& function, const char* message) noexcept;

  /// Marks, while it lives, that callbacks of this loop run.
  class CallbackScope {
   public:
    explicit CallbackScope(Loop& loop) noexcept : loop_(loop) { ++loop_.depth_; }
    CallbackScope(const CallbackScope&) = delete;
    CallbackScope& operator=(const CallbackScope&) = delete;
    ~CallbackScope() { --loop_.depth_; }

   private:
    Loop& loop_;
  };

 private:
  friend class detail::ScheduledCall;
  friend class detail::OperationState;
  template <class Interface>
  friend class detail::TransportLife;
  friend class detail::ServerState;

  struct SignalHandler {
    int number;
    std::shared_ptr<Callback> callback;
  };

  void make_ready(detail::ScheduledCall& call);
  void drop_call(detail::ScheduledCall& call) noexcept;
  void push_ready(detail::Ref<detail::ScheduledCall> call);
  void require_open(const char* operation) const;
  Operation start_job(Callback work, VoidCompletion done);

  // In the order of use: what every message touches lies together.
  std::unique_ptr<detail::Backend> backend_;
  MutableBytes read_buffer_;
  Observer* observer_ = nullptr;
  int depth_ = 0;
  bool running_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  detail::CallPool* pool_;
  detail::ReadyQueue ready_;
  detail::List<detail::BaseTransportState, detail::TransportTag> transports_;
  detail::List<detail::ServerState, detail::ServerTag> servers_;
  detail::List<detail::OperationState, detail::OperationTag> operations_;
  std::vector<SignalHandler> signal_handlers_;
  std::shared_ptr<ExceptionHandler> exception_handler_;
  std::shared_ptr<Resolver> resolver_;
  std::shared_ptr<void> tls_state_;
  std::uint64_t random_count_ = 0;
};

template <class F>
Operation Loop::run_in_executor(F function, detail::CompletionOf<std::invoke_result_t<F&>> done) {
  using Result = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<Result>) {
    return start_job(std::move(function), std::move(done));
  } else {
    auto result = std::make_shared<Result>();
    auto work = [function = std::move(function), result]() mutable { *result = function(); };
    if (!done) return start_job(std::move(work), {});
    return start_job(std::move(work), [result, done = std::move(done)](std::exception_ptr failure) mutable {
      // Cancelled: the function may still be writing its result.
      done(failure, failure ? Result{} : std::move(*result));
    });
  }
}

template <class F>
void Loop::guard(F&& function, const char* message) noexcept {
  const CallbackScope scope(*this);
  try {
    function();
  } catch (...) {
    call_exception_handler({message, std::current_exception(), {}, {}});
  }
}

}  // namespace twinwire
