// A connected (or connecting) stream socket as a wire.
#pragma once

#include <twinwire/net/wire/wire.hpp>
#include <twinwire/real/watched_descriptor.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace twinwire::real {

/// It remembers in flags what an edge told, so that a message costs one recv and one send. Loop thread only;
/// the rest is said at Wire.
class SocketWire final : public Wire, private WatchedDescriptor {
 public:
  /// Begins to connect. Null with an error if that failed at once.
  static std::unique_ptr<SocketWire> connect(PollerRef poller, const Address& remote,
                                             const std::optional<Address>& local, error_code& error);
  /// Takes over a connected stream socket, also one whose peer has reset it: the first read tells. Null, with
  /// invalid_argument, if it is not one: it is not closed then.
  static std::unique_ptr<SocketWire> adopt(PollerRef poller, NativeHandle handle, error_code& error);
  /// A connected, non-blocking socket. An unspecified local address is looked up when it is asked for.
  SocketWire(PollerRef poller, Descriptor socket, const Address& local, const Address& remote) noexcept;
  ~SocketWire() override;
  /// The socket has a linger time that it did not get from set_option.
  void note_lingering() noexcept { lingers_ = true; }

  void set_sink(WireSink* sink) override { watch_for(sink, connecting_ != Connecting::no); }
  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;
  bool can_send_file() const override { return true; }
  IoResult send_file(FileSource& file, std::uint64_t offset, std::size_t count) override;
  error_code finish_connect() override;
  error_code take_error() override;
  error_code shutdown_write() override;
  void close() override;
  void abort() override;
  NativeHandle release() override;
  std::optional<Address> local_address() const override;
  std::optional<Address> remote_address() const override;
  NativeHandle native_handle() const override { return descriptor_.handle(); }
  bool can_shutdown_write() const override { return true; }
  error_code set_option(Option option, std::int64_t value) override;
  std::variant<std::int64_t, error_code> get_option(Option option) const override;

 private:
  enum class Connecting : std::uint8_t { no, pending, ended };

  void on_events(std::uint32_t events) override;
  void close_socket() noexcept;

  mutable Address local_;
  mutable bool local_known_ = false;
  bool more_to_come_ = false;  ///< a short read does not mean that nothing is left
  bool lingers_ = false;       ///< close(2) would wait, on a non-blocking socket, too
  Connecting connecting_ = Connecting::no;
  Address remote_;
};

}  // namespace twinwire::real
