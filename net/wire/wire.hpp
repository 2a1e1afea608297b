// The narrow interface between the one transport state machine and what carries its bytes.
//
//     Transport state machine  --calls-->  Wire      read_some, write_some, shutdown_write, close, abort
//            WireSink          <--calls--  Wire      on_readable, on_writable, on_hang_up
//
// A wire knows nothing of protocols or water marks. Its readiness is edge-triggered: it speaks up when
// something changed, and the machine remembers what it has not used yet.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace twinwire {

/// A descriptor of the operating system, or its like in a simulated host. Opaque: only the backend that
/// made it can tell what the number means.
struct NativeHandle {
  int value = -1;
  explicit operator bool() const noexcept { return value >= 0; }
  auto operator<=>(const NativeHandle&) const = default;
};

class TlsCertificate;
class TlsContext;
class TlsInfo;

/// What get_extra_info can answer: nothing, an address, a native handle, text, or what TLS tells of itself.
using ExtraInfo =
    std::variant<std::monostate, Address, NativeHandle, std::string, std::shared_ptr<const TlsContext>,
                 std::shared_ptr<const TlsInfo>, std::shared_ptr<const TlsCertificate>>;

/// Socket options with an effect on both backends. Values are integers in the unit that the name tells.
enum class Option : std::uint8_t {
  no_delay,             ///< 0 or 1: TCP_NODELAY; not of Unix sockets
  keep_alive,           ///< 0 or 1: SO_KEEPALIVE
  user_timeout_ms,      ///< TCP_USER_TIMEOUT, RFC 5482; 0 is the system's default; not of Unix sockets
  linger_s,             ///< SO_LINGER: -1 is off, 0 resets on close; closing never waits, see docs/limits.md
  send_buffer_size,     ///< bytes, SO_SNDBUF: what was asked for, within the system's limits; not its double
  receive_buffer_size,  ///< bytes, SO_RCVBUF: as above
  // Of keep_alive, and not of Unix sockets. They count only while it is on.
  keep_alive_idle_s,      ///< 1 to 32767, TCP_KEEPIDLE: how long nothing is heard before the first probe
  keep_alive_interval_s,  ///< 1 to 32767, TCP_KEEPINTVL: between probes that are not answered
  keep_alive_count,       ///< 1 to 127, TCP_KEEPCNT: so many, and the connection ends with timed_out
};

/// Which way bytes can go.
enum class Direction : std::uint8_t {
  both,
  receive,  ///< the reading end of a pipe
  send,     ///< the writing end of a pipe
};

/// How one non-blocking step ended.
struct IoResult {
  /// Bytes moved. For a read, 0 without an error is the end of the stream.
  std::size_t bytes = 0;
  /// would_block when nothing can be moved now; any other error has ended the connection.
  error_code error;
  /// Read only: nothing more is waiting, so the next on_readable will tell.
  bool drained = false;

  bool would_block() const noexcept;
};

/// What a wire tells its user, always from the loop, never from inside a call to the wire.
class WireSink {
 public:
  /// Bytes, the end of the stream or an error can be read.
  virtual void on_readable() = 0;
  /// After a write_some that could not take everything: try again. Also: a connect attempt has ended.
  virtual void on_writable() = 0;
  /// The connection is gone in both directions. Bytes that arrived before can still be read.
  virtual void on_hang_up() = 0;

 protected:
  ~WireSink() = default;
};

/// What the wires of all kinds share. Owned by a transport; destroying it closes it. Loop thread only.
class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  virtual ~Socket() = default;

  /// Where events go from now on. Readiness from before is told again. Null stops them.
  virtual void set_sink(WireSink* sink) = 0;
  /// Closes: what was written is still delivered in the background.
  virtual void close() = 0;

  /// Addresses stay known after closing. What is no socket has none.
  virtual std::optional<Address> local_address() const { return std::nullopt; }
  virtual std::optional<Address> remote_address() const { return std::nullopt; }
  virtual NativeHandle native_handle() const = 0;
  /// What the handle is called in get_extra_info.
  virtual const char* handle_name() const { return "socket"; }

  virtual error_code set_option(Option, std::int64_t) { return make_error(errc::operation_not_supported); }
  virtual std::variant<std::int64_t, error_code> get_option(Option) const {
    return make_error(errc::operation_not_supported);
  }
  /// What this kind tells beyond its addresses and its handle; nothing for a name that it does not know.
  virtual ExtraInfo extra_info(std::string_view name) const {
    static_cast<void>(name);
    return {};
  }
};

class FileSource;

/// One end of a stream.
class Wire : public Socket {
 public:
  /// Reads what has arrived, at most the size of the buffer, which is not empty.
  virtual IoResult read_some(MutableBytes buffer) = 0;
  /// Takes as many of these bytes as it can now, in order. The buffers are not all empty.
  virtual IoResult write_some(std::span<const Bytes> buffers) = 0;

  /// One end of a pipe can only receive or send, and ends as a whole when the other end does.
  virtual Direction direction() const { return Direction::both; }

  /// After connecting: how the attempt ended. would_block: it has not.
  virtual error_code finish_connect() { return {}; }
  /// The error that ended the connection, if one did; asking may clear it (SO_ERROR).
  virtual error_code take_error() { return {}; }

  /// Whether send_file can work at all.
  virtual bool can_send_file() const { return false; }
  /// Sends bytes of a file as write_some would, without reading them first: from `offset` on, at most
  /// `count`. 0 without an error at the end of the file; operation_not_supported if this file cannot be sent
  /// so.
  virtual IoResult send_file(FileSource& file, std::uint64_t offset, std::size_t count);

  /// Sends the end of the stream behind everything written.
  virtual error_code shutdown_write() = 0;
  /// Closes and resets the connection where the kind knows resets: what was written may be lost.
  virtual void abort() = 0;
  /// Gives the descriptor away, open, to become somebody else's; this wire is closed then.
  virtual NativeHandle release() = 0;
  /// True where one direction can be ended alone. Where it cannot, the end of the peer's ends both.
  virtual bool can_shutdown_write() const = 0;

  // --- closing in order ---

  /// Nobody reads any more: what still arrives is of no interest.
  virtual void begin_close() {}
  /// All has been written: takes leave of the peer, before close(). would_block: that has not ended, and
  /// on_writable tells when to ask again.
  virtual error_code finish_close() { return {}; }

  // --- a wire that lies over another connection ---

  /// True if held() and is_closing() have something to tell.
  virtual bool is_layer() const { return false; }
  /// Bytes that were taken and wait in the connection below: they count as buffered.
  virtual std::size_t held() const { return 0; }
  /// The connection below is lost, or about to be.
  virtual bool is_closing() const { return false; }
  /// How much may wait above this wire, in bytes, before its writer is asked to pause; a quarter resumes.
  virtual std::size_t default_high_water() const { return std::size_t{64} * 1024; }
};

/// A socket that is bound, and accepts once it listens. `on_readable` tells of connections to accept.
class Acceptor {
 public:
  Acceptor() = default;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  virtual ~Acceptor() = default;

  virtual void set_sink(WireSink* sink) = 0;
  /// Starts to queue connections, `backlog` at most.
  virtual error_code listen(int backlog) = 0;
  /// The next connection. Error would_block: none is waiting, on_readable will tell.
  virtual std::unique_ptr<Wire> accept(error_code& error) = 0;
  virtual void close() = 0;
  /// Gives the descriptor away, open, to become somebody else's; this acceptor is closed then.
  virtual NativeHandle release() = 0;
  /// Where the name of the socket is a file: from now on closing it removes that file, if it is still the one
  /// that is there now.
  virtual void clean_up_on_close() {}
  virtual std::optional<Address> local_address() const = 0;
  virtual NativeHandle native_handle() const = 0;
};

/// Whether a non-blocking step has to wait.
inline bool would_block(const error_code& error) noexcept {
  return error.failed() &&
         (error == errc::operation_would_block || error == errc::resource_unavailable_try_again);
}

inline IoResult Wire::send_file(FileSource&, std::uint64_t, std::size_t) {
  return {0, make_error(errc::operation_not_supported), false};
}

inline bool IoResult::would_block() const noexcept {
  return twinwire::would_block(error);
}

}  // namespace twinwire
