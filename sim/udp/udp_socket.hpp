// A simulated socket for datagrams: what a system keeps of it, whether somebody uses it or not.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/udp/udp_stack.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace twinwire::sim {

/// Kept by its wire, or by the table of descriptors while it has none. Its errors are those of Linux.
class UdpSocket final : public detail::RefCounted {
 public:
  UdpSocket(Host& host, const UdpBinding& binding, NativeHandle handle);
  ~UdpSocket() override;

  Host& host() const noexcept { return host_; }
  const UdpBinding& binding() const noexcept { return binding_; }
  NativeHandle handle() const noexcept { return open_ ? handle_ : NativeHandle{}; }

  // --- for the stack ---
  /// One has arrived; it is dropped if the receive buffer is full.
  void deliver(const Address& sender, Bytes data);
  /// The next step of the socket fails with this.
  void note_error(error_code error);

  // --- for the wire, see there ---
  void set_sink(WireSink* sink);
  BatchResult receive_many(std::span<ReceivedDatagram> received);
  BatchResult send_many(std::span<const OutgoingDatagram> outgoing);
  void close();
  error_code set_option(Option option, std::int64_t value);
  std::variant<std::int64_t, error_code> get_option(Option option) const;

 private:
  struct Arrived {
    Address sender;
    std::vector<std::byte> data;
  };

  struct Leaving {
    TimePoint when;
    std::size_t bytes;
  };

  error_code send_one(const OutgoingDatagram& datagram);
  void tell_again();
  void departed();

  Host& host_;
  UdpBinding binding_;
  NativeHandle handle_;
  bool open_ = true;
  bool wants_writable_ = false;
  WireSink* sink_ = nullptr;
  error_code error_;
  std::deque<Arrived> queue_;
  std::size_t queued_bytes_ = 0;
  std::vector<Arrived> taken_;   ///< what the last receive_many gave out
  std::deque<Leaving> leaving_;  ///< those that wait for the link
  std::size_t leaving_bytes_ = 0;
  std::uint32_t send_buffer_;
  std::uint32_t receive_buffer_;
  std::array<std::int64_t, 2> plain_options_{0, -1};  ///< keep_alive and linger_s, which have no effect here
  MemberEvent<UdpSocket, &UdpSocket::tell_again> again_{*this};
  MemberEvent<UdpSocket, &UdpSocket::departed> departure_{*this};
};

}  // namespace twinwire::sim
