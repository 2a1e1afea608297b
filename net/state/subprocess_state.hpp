// The state machine of a child process: everything that a user can observe about one, on every backend.
#pragma once

#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/state/transport_life.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/net/wire/process_wire.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

namespace twinwire::detail {

/// Its states are those in transport_life.hpp. It is lost when the child has ended and all pipes are lost,
/// whatever began that. Each pipe is a stream transport with a protocol of ours.
class SubprocessState final : public TransportLife<BaseTransportState>, public WireSink {
 public:
  /// Joins `loop`. The child runs already.
  SubprocessState(Loop& loop, std::unique_ptr<ProcessWire> wire);
  ~SubprocessState() override;

  /// Throws std::invalid_argument for what cannot be the protocol of a child process.
  static void check_protocol(BaseProtocol* protocol);
  /// Makes the protocol's connection_made call and begins to read the pipes. False if that call failed: the
  /// failure was reported, the child is killed, and connection_lost(callback_failure) follows.
  bool start(std::shared_ptr<SubprocessProtocol> protocol);

  int pid() const noexcept { return pid_; }
  std::optional<int> returncode() const noexcept { return returncode_; }
  Transport pipe_transport(int fd) const;
  void send_signal(int number);

  void fail(error_code error) override;
  void abort() override;
  std::size_t write_buffer_size() const override { return 0; }
  void set_protocol(std::shared_ptr<BaseProtocol> protocol) override;

 private:
  class PipeProtocol;

  void on_readable() override {}
  void on_writable() override {}
  void on_hang_up() override;

  void flush() override;
  Socket* socket() const noexcept override { return wire_.get(); }
  void let_go_of_buffer() noexcept override {}
  void let_go_of_socket() noexcept override { wire_.reset(); }
  void let_go_of_protocol() noexcept override;

  void exited();
  void pipe_lost(int fd, error_code error);
  void lose_if_over();

  std::unique_ptr<ProcessWire> wire_;
  SubprocessProtocol* receiver_ = nullptr;  ///< the protocol, as what it is
  std::array<Ref<StreamTransport>, 3> pipes_;
  int pid_;
  int open_pipes_ = 0;
  bool exited_ = false;  ///< and process_exited was called
  std::optional<int> returncode_;
  error_code error_;  ///< what connection_lost is going to tell
};

}  // namespace twinwire::detail
