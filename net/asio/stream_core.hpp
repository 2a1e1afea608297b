// What lies between a stream socket for Asio and its transport: at most one read and one write that wait.
#pragma once

#include <twinwire/net/asio/io_buffers.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/callback.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/transport.hpp>
#include <twinwire/net/unix.hpp>

#include <cstddef>
#include <memory>
#include <variant>

namespace twinwire::detail {

using IoCompletion = UniqueFunction<void(error_code)>;
using TransferCompletion = UniqueFunction<void(error_code, std::size_t)>;

/// What a stream socket can connect to.
using StreamTarget = std::variant<ConnectOptions, UnixConnectOptions>;

/// One connection, from before it is made until after it is lost. The transport's reading is paused but while
/// a read waits, and bytes are received straight into its buffer; so nothing is stored here, and a peer is
/// pushed back by what nobody reads. A write waits before it hands its bytes over, for as long as earlier
/// ones are still buffered; so one that is cancelled has sent nothing.
///
/// It knows no handlers: completions come from outside. Loop thread only. It may outlive its loop.
class StreamCore final : public RefCounted {
 public:
  explicit StreamCore(Loop& loop) noexcept : loop_(&loop) {}

  // --- for the socket ---

  /// Fails with what ended the attempt, and with invalid_argument for options that create_connection rejects.
  Operation start_connect(StreamTarget target, IoCompletion&& done);
  /// Completes with 0 bytes at once if there is no room.
  Operation start_read(MutableBytes target, TransferCompletion&& done);
  Operation start_write(const WriteBatch& batch, TransferCompletion&& done);
  /// What waits fails with operation_aborted.
  void cancel();
  /// As cancel, and what was written is still delivered in the background.
  void close();
  /// As cancel, and resets the connection.
  void abort();
  /// Ends the sending side behind everything written. operation_not_supported: TLS ends both at once.
  error_code shutdown_write();
  /// Nothing more is read: later reads see the end.
  void shutdown_read();
  bool is_open() const noexcept { return !closed_; }
  const Transport& transport() const noexcept { return transport_; }

  /// The protocol of this connection; it owns a reference to this. `made` is called when the connection is
  /// there.
  std::shared_ptr<BaseProtocol> make_protocol(Callback made = {});

 private:
  class Protocol;
  class Read;
  class Write;

  void made(Transport transport);
  MutableBytes space() const noexcept;
  void received(std::size_t size);
  void end();
  void lost(error_code error);
  void resume_writing();
  bool hand_over(const WriteBatch& batch);
  /// Why nothing can be read any more, if so.
  error_code read_error() const noexcept;
  error_code write_error() const noexcept;

  Loop* loop_;  ///< valid while operations can be begun, which is for its user to see to
  Transport transport_;
  Read* read_ = nullptr;  ///< they wait, and the loop owns them
  Write* write_ = nullptr;
  Operation connect_;
  error_code error_;  ///< what ended the connection, if it was lost in disorder
  bool ended_ = false;
  bool lost_ = false;
  bool closed_ = false;
  bool write_ended_ = false;
  bool writing_paused_ = false;
};

}  // namespace twinwire::detail
