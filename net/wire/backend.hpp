// What a backend supplies to a loop: clocks, timers, wires, names, threads, signals. Two exist: the simulated
// host (sim/) and the real system (real/). Users never see one; everything they observe is in Loop.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/callback.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/events/event_queue.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>
#include <twinwire/net/wire/file_source.hpp>
#include <twinwire/net/wire/process_wire.hpp>
#include <twinwire/net/wire/resolver.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace boost::asio {
class execution_context;
}

namespace twinwire {

class Loop;
struct ExceptionContext;
struct SubprocessOptions;

namespace detail {

using twinwire::ResolveHandler;
using twinwire::ResolveRequest;

/// Work that can be abandoned: destroying it makes sure that its handler is not called any more.
class Abandonable {
 public:
  virtual ~Abandonable() = default;
};

/// How to bind a listening socket.
struct ListenOptions {
  /// Of a Unix socket: a socket file that has its name is removed before.
  bool reuse_address = true;
  bool reuse_port = false;
};

/// See the top of the file. All on the loop's thread but post().
class Backend {
 public:
  virtual ~Backend() = default;
  /// The loop goes away. Destroys what may own objects of the user (pending handlers of Asio, work for other
  /// threads) while the loop can still be reached from their destructors; it is closed by then.
  virtual void shut_down() noexcept {}

  virtual TimePoint time() const noexcept = 0;
  virtual WallTime wall_time() const noexcept = 0;

  /// Fires `event` when time() has reached `when`, in the order of (when, scheduling). Moves it if it was
  /// scheduled already.
  virtual void schedule(Event& event, TimePoint when) = 0;
  /// The ready queue is no longer empty: Loop::run_turn is to be called after I/O and timers had a chance.
  virtual void wake() = 0;
  /// From any thread: run this on the loop's thread.
  virtual void post(Callback callback) = 0;
  /// True on the thread that uses the loop now: runs it, closes it, or destroys it. On a real loop that
  /// nobody does any of this with, no thread is: which one is going to run it cannot be known.
  virtual bool on_loop_thread() const noexcept = 0;

  /// Runs turns until stop was asked for (Loop::stop_requested).
  virtual void run() = 0;
  /// The loop is being closed, on this thread, which is the loop's from now on. Makes ready what post() left,
  /// and runs what Asio has ready. True if there was something; called until there is nothing.
  virtual bool take_posted() { return false; }

  /// Starts to connect; the wire's on_writable tells when finish_connect can be asked. To a Unix socket whose
  /// backlog is full it fails with resource_unavailable_try_again: nobody tells when there is room.
  virtual std::unique_ptr<Wire> connect(const Address& remote, const std::optional<Address>& local,
                                        error_code& error) = 0;
  virtual std::unique_ptr<Acceptor> bind(const Address& local, const ListenOptions& options,
                                         error_code& error) = 0;
  /// Takes over an open, connected stream socket; invalid_argument if it is not one.
  virtual std::unique_ptr<Wire> adopt_stream(NativeHandle handle, error_code& error) = 0;
  /// Takes over a bound stream socket; invalid_argument if it is not one.
  virtual std::unique_ptr<Acceptor> adopt_acceptor(NativeHandle handle, error_code& error) = 0;
  /// Takes over one end of a pipe, or what can be used as one; invalid_argument if it is not that end.
  virtual std::unique_ptr<Wire> adopt_pipe(NativeHandle handle, Direction direction, error_code& error) = 0;
  virtual PipeEnds make_pipe(error_code& error) = 0;
  /// An open file that can be read, to be sent; invalid_argument if it is none. It stays its owner's.
  virtual std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error) = 0;
  /// Opens a file for reading.
  virtual NativeHandle open_file(const std::string& path, error_code& error) = 0;
  /// A process that is yet to be started.
  virtual std::unique_ptr<ProcessWire> prepare_process(const SubprocessOptions& options) = 0;
  virtual std::unique_ptr<DatagramWire> open_datagram(const DatagramSocketOptions& options,
                                                      error_code& error) = 0;
  /// Takes over an open socket for datagrams; invalid_argument if it is not one.
  virtual std::unique_ptr<DatagramWire> adopt_datagram(NativeHandle handle, error_code& error) = 0;
  /// The address family of a socket that is open; unspecified if it is none, or of a family without
  /// Addresses.
  virtual Family family_of(NativeHandle handle) = 0;
  /// Closes a descriptor that was never adopted.
  virtual void close_handle(NativeHandle handle) = 0;

  /// The handler is called later, from the loop, unless the result is destroyed before.
  virtual std::unique_ptr<Abandonable> resolve(const ResolveRequest& request, ResolveHandler handler) = 0;
  /// Runs `work` off the loop's thread (a simulated loop: at a chosen later instant), then `done` on it.
  virtual void execute_blocking(Callback work, Callback done) = 0;
  /// Watches a signal, or stops to. Throws OperationError for one that cannot be caught.
  virtual void watch_signal(int signal_number, bool watch) = 0;

  /// Space that every read of this loop may use, one at a time.
  virtual MutableBytes read_buffer() noexcept = 0;
  virtual Choices& choices() noexcept = 0;
  /// True where a run must be a function of choices() and the clocks: layers with randomness and clocks of
  /// their own (TLS) take them from here then.
  virtual bool is_deterministic() const noexcept { return false; }
  /// The name of the host, empty on a real loop.
  virtual const std::string& name() const noexcept = 0;
  /// A failure that nobody else took: the loop's default exception handler.
  virtual void unhandled(const ExceptionContext& context) = 0;
  /// What Asio's objects are made on.
  virtual boost::asio::execution_context& asio_context() = 0;
};

}  // namespace detail
}  // namespace twinwire
