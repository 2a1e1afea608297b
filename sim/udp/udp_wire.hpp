// The user's end of a simulated socket for datagrams.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>
#include <twinwire/sim/udp/udp_socket.hpp>

namespace twinwire::sim {

/// Closes its socket, unless that was released before.
class UdpWire final : public DatagramWire {
 public:
  explicit UdpWire(detail::Ref<UdpSocket> socket) noexcept : socket_(std::move(socket)) {}
  ~UdpWire() override { close(); }

  void set_sink(WireSink* sink) override {
    if (!released_) socket_->set_sink(sink);
  }
  BatchResult receive_many(std::span<ReceivedDatagram> received) override {
    return socket_->receive_many(received);
  }
  BatchResult send_many(std::span<const OutgoingDatagram> outgoing) override {
    return socket_->send_many(outgoing);
  }
  bool is_connected() const override { return socket_->binding().remote.has_value(); }
  void close() override {
    if (!released_) socket_->close();
  }
  NativeHandle release() override;
  std::optional<Address> local_address() const override { return socket_->binding().local; }
  std::optional<Address> remote_address() const override { return socket_->binding().remote; }
  NativeHandle native_handle() const override { return released_ ? NativeHandle{} : socket_->handle(); }
  error_code set_option(Option option, std::int64_t value) override {
    return socket_->set_option(option, value);
  }
  std::variant<std::int64_t, error_code> get_option(Option option) const override {
    return socket_->get_option(option);
  }

 private:
  detail::Ref<UdpSocket> socket_;
  bool released_ = false;
};

}  // namespace twinwire::sim
