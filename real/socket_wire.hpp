// A connected (or connecting) stream socket as a wire.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire.hpp>
#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/poller.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace twinwire::real {

using PollerRef = twinwire::detail::Ref<Poller>;

/// Registered with its poller once, edge-triggered, when it first gets a sink; EPOLLOUT joins the first time
/// that a write could not take everything. It remembers in three flags what an edge told, so that a message
/// costs one recv and one send. Loop thread only; the rest is said at Wire.
class SocketWire final : public Wire, private PollEntry {
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

  void set_sink(WireSink* sink) override;
  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;
  error_code finish_connect() override;
  error_code take_error() override;
  error_code shutdown_write() override;
  void close() override;
  void abort() override;
  NativeHandle release() override;
  std::optional<Address> local_address() const override;
  std::optional<Address> remote_address() const override;
  NativeHandle native_handle() const override { return socket_.handle(); }
  bool can_shutdown_write() const override { return true; }
  error_code set_option(Option option, std::int64_t value) override;
  std::variant<std::int64_t, error_code> get_option(Option option) const override;

 private:
  enum class Connecting : std::uint8_t { no, pending, ended };

  void on_events(std::uint32_t events) override;
  void expect_writable();
  void watch(std::uint32_t events);
  void close_socket() noexcept;

  Descriptor socket_;
  int watch_failure_ = 0;  ///< errno of a registration that failed: every further step fails with it
  PollerRef poller_;
  WireSink* sink_ = nullptr;
  mutable Address local_;
  mutable bool local_known_ = false;
  bool watches_writable_ = false;  ///< EPOLLOUT is part of the registration
  bool wants_writable_ = false;    ///< a write could not take everything
  bool more_to_come_ = false;      ///< a short read does not mean that nothing is left
  bool lingers_ = false;           ///< close(2) would wait, on a non-blocking socket, too
  Connecting connecting_ = Connecting::no;
  Address remote_;
};

}  // namespace twinwire::real
