// The sending half of a stream, for coroutines.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/state/stream_state.hpp>
#include <twinwire/net/transport.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace twinwire {

namespace detail {

/// Shared by all handles to one writer. Without any of them nobody can end the connection, so the last one
/// to go closes it.
class WriterEnd final : public RefCounted {
 public:
  explicit WriterEnd(Ref<StreamState> state) noexcept : state(std::move(state)) {}
  ~WriterEnd() override { state->transport.close(); }
  const Ref<StreamState> state;
};

}  // namespace detail

/// asyncio's StreamWriter: https://docs.python.org/3/library/asyncio-stream.html#streamwriter
///
/// A counted handle. When the last one is gone the connection is closed, as by close(). Loop thread only.
class StreamWriter {
 public:
  /// A writer without a stream: using it throws std::logic_error.
  StreamWriter() = default;
  explicit StreamWriter(detail::Ref<detail::WriterEnd> end) noexcept : end_(std::move(end)) {}

  /// Sends bytes, or buffers a copy of what cannot be sent at once. Never blocks: await drain() after it.
  /// Does nothing once the connection is lost, which drain() tells. Throws std::logic_error after write_eof.
  void write(Bytes data) const { transport().write(data); }
  void write(std::string_view text) const { transport().write(text); }
  /// The segments in their order, gathered into as few system calls as possible.
  void writelines(std::span<const Bytes> segments) const { transport().writelines(segments); }
  /// Ends the sending side behind everything written; reading goes on.
  void write_eof() const { transport().write_eof(); }
  bool can_write_eof() const { return transport().can_write_eof(); }

  /// Completes at once while little is buffered; above the high-water mark of the transport, when what is
  /// buffered has gone down to the low one. Several may wait. Throws OperationError when the connection is
  /// lost, with the error that ended it, connection_reset if it ended in order. Cancelling it loses no byte.
  awaitable<void> drain() const;

  /// Sends what is buffered, then ends the connection. Reads that wait see the end.
  void close() const { transport().close(); }
  /// Drops what is buffered and resets the connection.
  void abort() const { transport().abort(); }
  /// True from close, abort or a fatal error on.
  bool is_closing() const { return transport().is_closing(); }
  /// Makes the connection secure; reader and writer go on with it. See Loop::start_tls. Nothing may be read,
  /// written or drained meanwhile. Fails with protocol_error, and aborts, if something has arrived in clear
  /// that was not read: it would be taken for something that came over TLS.
  awaitable<void> start_tls(StartTlsOptions options) const;

  /// Completes when the connection is lost (connection_lost has returned), whoever ended it. Throws the error
  /// that ended it, if one did. It does not close: call close() first.
  awaitable<void> wait_closed() const;

  /// As Transport::get_extra_info: "peername", "sockname", "socket".
  ExtraInfo get_extra_info(std::string_view name, ExtraInfo otherwise = {}) const {
    return transport().get_extra_info(name, std::move(otherwise));
  }
  /// For all else: water marks, options, cork(). Its protocol and its reading belong to the stream.
  const Transport& transport() const { return state()->transport; }

  explicit operator bool() const noexcept { return static_cast<bool>(end_); }

 private:
  const detail::Ref<detail::StreamState>& state() const;

  detail::Ref<detail::WriterEnd> end_;
};

}  // namespace twinwire
