// A UDP socket as a wire: https://man7.org/linux/man-pages/man7/udp.7.html
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>
#include <twinwire/real/socket_address.hpp>
#include <twinwire/real/watched_descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace twinwire::real {

/// Space for the largest batch of the largest datagrams, one for all sockets of a loop. What no datagram has
/// filled takes no memory: the system gives pages when they are touched.
class DatagramSpace final : public twinwire::detail::RefCounted {
 public:
  static constexpr std::size_t largest = 65'536;

  DatagramSpace() : bytes_(new std::byte[DatagramWire::batch_size * largest]) {}
  std::byte* slot(std::size_t index) noexcept { return bytes_.get() + index * largest; }
  SocketAddress& sender(std::size_t index) noexcept { return senders_[index]; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::array<SocketAddress, DatagramWire::batch_size> senders_;
};

/// Receives and sends many datagrams with one system call (recvmmsg, sendmmsg).
class DatagramSocket final : public DatagramWire, private WatchedDescriptor {
 public:
  using SpaceRef = twinwire::detail::Ref<DatagramSpace>;

  static std::unique_ptr<DatagramSocket> open(PollerRef poller, SpaceRef space,
                                              const twinwire::detail::DatagramSocketOptions& options,
                                              error_code& error);
  /// Takes over a socket for datagrams. Null, with invalid_argument, if it is not one: it is not closed then.
  static std::unique_ptr<DatagramSocket> adopt(PollerRef poller, SpaceRef space, NativeHandle handle,
                                               error_code& error);
  DatagramSocket(PollerRef poller, SpaceRef space, Descriptor socket);

  void set_sink(WireSink* sink) override { watch_for(sink); }
  BatchResult receive_many(std::span<ReceivedDatagram> received) override;
  BatchResult send_many(std::span<const OutgoingDatagram> outgoing) override;
  bool is_connected() const override { return connected_; }
  void close() override;
  NativeHandle release() override;
  std::optional<Address> local_address() const override;
  std::optional<Address> remote_address() const override { return known_address(remote_); }
  NativeHandle native_handle() const override { return descriptor_.handle(); }
  error_code set_option(Option option, std::int64_t value) override;
  std::variant<std::int64_t, error_code> get_option(Option option) const override;

 private:
  void on_events(std::uint32_t events) override;

  SpaceRef space_;
  bool connected_ = false;
  bool error_pending_ = false;  ///< a short batch does not mean that nothing is left
  Address remote_;
  mutable Address local_;  ///< when it was asked for last
};

}  // namespace twinwire::real
