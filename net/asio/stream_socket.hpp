// A connection for code that is written against Asio: Boost.Beast, asio::ssl::stream, asio::async_read, on
// both backends.
//
//     twinwire::stream_socket socket(loop);
//     co_await socket.async_connect(ConnectOptions("server", 80), use_awaitable);
//     boost::beast::websocket::stream<twinwire::stream_socket> peer(std::move(socket));
//
// It models Asio's AsyncReadStream and AsyncWriteStream. Its operations take any completion token, run their
// handlers through the associated executor (its own by default), never inside the call that began them, use
// the associated allocator, and end with operation_aborted when the signal of the associated slot, of any
// kind, is emitted. Error codes are the system's and Asio's. Destroying the loop destroys handlers that are
// pending, uncalled.
//
// What differs from Asio's own socket: connecting takes names and is this library's (ConnectOptions), there
// are no blocking operations, endpoints are Addresses, and one read and one write may be pending at a time:
// another one fails with already_started. A write that fails ends the connection, with what was not read.
#pragma once

#include <twinwire/net/asio/io_buffers.hpp>
#include <twinwire/net/asio/io_initiation.hpp>
#include <twinwire/net/asio/stream_core.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/socket_base.hpp>

namespace twinwire {

/// One end of a TCP or Unix connection. It is moved, not copied; a socket that was moved from may only be
/// assigned to or destroyed. Destroying it closes the connection: what was written is still delivered. It
/// must not be used after its loop is gone, but may be destroyed then. Loop thread only.
template <class IoExecutor = Executor>
class basic_stream_socket : public boost::asio::socket_base {
 public:
  using executor_type = IoExecutor;
  using lowest_layer_type = basic_stream_socket;
  /// The same on another executor: what as_default_on asks for.
  template <class OtherExecutor>
  struct rebind_executor {
    using other = basic_stream_socket<OtherExecutor>;
  };
  using default_token = typename boost::asio::default_completion_token<executor_type>::type;

  explicit basic_stream_socket(const executor_type& executor)
      : basic_stream_socket(executor, detail::make_ref<detail::StreamCore>(detail::loop_behind(executor))) {}
  explicit basic_stream_socket(Loop& loop) : basic_stream_socket(executor_type(loop.get_executor())) {}
  /// For the library's own layers.
  basic_stream_socket(const executor_type& executor, detail::Ref<detail::StreamCore> core)
      : executor_(executor), core_(std::move(core)) {}
  /// The same connection, seen through another executor of the same loop.
  template <class OtherExecutor>
  explicit basic_stream_socket(basic_stream_socket<OtherExecutor>&& other)
      : basic_stream_socket(executor_type(other.get_executor()), other.release_core()) {}

  basic_stream_socket(basic_stream_socket&&) noexcept = default;
  basic_stream_socket& operator=(basic_stream_socket&& other) noexcept {
    if (core_ && core_ != other.core_) core_->close();
    executor_ = std::move(other.executor_);
    core_ = std::move(other.core_);
    return *this;
  }
  ~basic_stream_socket() {
    if (core_) core_->close();
  }

  executor_type get_executor() const noexcept { return executor_; }
  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

  /// Resolves and connects. Completes with void(error_code): that of the first attempt, if all have failed. A
  /// socket that was closed may connect again.
  template <class Token = default_token>
  auto async_connect(ConnectOptions options, Token&& token = Token{}) {
    return connect(detail::StreamTarget(std::move(options)), std::forward<Token>(token));
  }
  template <class Token = default_token>
  auto async_connect(UnixConnectOptions options, Token&& token = Token{}) {
    return connect(detail::StreamTarget(std::move(options)), std::forward<Token>(token));
  }

  /// Reads into the first buffer with any room, which stays valid until then. Completes with
  /// void(error_code, std::size_t): asio::error::eof at the end. One that is cancelled has read nothing.
  template <class MutableBufferSequence, class Token = default_token>
  auto async_read_some(const MutableBufferSequence& buffers, Token&& token = Token{}) {
    return detail::initiate_io<void(error_code, std::size_t)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, target = detail::read_target(buffers)](detail::TransferCompletion&& done) {
          return core->start_read(target, std::move(done));
        });
  }

  /// Hands over the beginning of the buffers, 64 KiB at most, once all that was written before has gone to
  /// the system. They stay valid until then. Completes with void(error_code, std::size_t). One that is
  /// cancelled has sent nothing.
  template <class ConstBufferSequence, class Token = default_token>
  auto async_write_some(const ConstBufferSequence& buffers, Token&& token = Token{}) {
    return detail::initiate_io<void(error_code, std::size_t)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, buffers](detail::TransferCompletion&& done) {
          return core->start_write(detail::WriteBatch(buffers), std::move(done));
        });
  }

  /// False once it was closed. A connection that the peer has ended is open still.
  bool is_open() const noexcept { return core_ && core_->is_open(); }
  /// What is pending fails with operation_aborted.
  void cancel() const { core_->cancel(); }
  void cancel(error_code& error) const {
    cancel();
    error = {};
  }
  /// As cancel, and closes: what was written is still delivered, in the background. Harmless again.
  void close() const { core_->close(); }
  void close(error_code& error) const {
    close();
    error = {};
  }
  /// As cancel, and resets the connection; what was written may be lost.
  void abort() const { core_->abort(); }

  /// Ends a direction, or both. The sending one ends behind everything written; over TLS it cannot end alone
  /// (operation_not_supported).
  void shutdown(shutdown_type what, error_code& error) const {
    error = {};
    if (what != shutdown_send) core_->shutdown_read();
    if (what != shutdown_receive) error = core_->shutdown_write();
  }
  void shutdown(shutdown_type what) const {
    error_code error;
    shutdown(what, error);
    if (error.failed()) throw OperationError(error, "shut down a connection");
  }

  /// Nothing, if it is not connected.
  std::optional<Address> local_endpoint() const { return transport().sockname(); }
  std::optional<Address> remote_endpoint() const { return transport().peername(); }
  /// As Transport::set_option and get_option.
  void set_option(Option option, std::int64_t value) const { transport().set_option(option, value); }
  std::int64_t get_option(Option option) const { return transport().get_option(option); }
  /// For what else there is to know of the connection. Its reading, writing and protocol belong to this.
  const Transport& transport() const { return core_->transport(); }

  /// For the library's own layers: the connection, which is this socket's no more.
  detail::Ref<detail::StreamCore> release_core() noexcept { return std::exchange(core_, nullptr); }

  /// Beast's way to end a connection whose deadline has passed.
  friend void beast_close_socket(basic_stream_socket& socket) { socket.close(); }

 private:
  Loop& loop() const { return detail::loop_behind(executor_); }

  template <class Token>
  auto connect(detail::StreamTarget target, Token&& token) {
    if (!core_->is_open()) core_ = detail::make_ref<detail::StreamCore>(loop());
    return detail::initiate_io<void(error_code)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, target = std::move(target)](detail::IoCompletion&& done) mutable {
          return core->start_connect(std::move(target), std::move(done));
        });
  }

  executor_type executor_;
  detail::Ref<detail::StreamCore> core_;
};

using stream_socket = basic_stream_socket<>;

}  // namespace twinwire

#include <twinwire/net/asio/teardown.hpp>  // IWYU pragma: export
