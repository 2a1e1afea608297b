#include <twinwire/real/datagram_socket.hpp>
#include <twinwire/real/socket_options.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace twinwire::real {
namespace {

/// Headers and parts for one recvmmsg or sendmmsg.
struct Messages {
  std::array<mmsghdr, DatagramWire::batch_size> headers;
  std::array<iovec, DatagramWire::batch_size> parts;

  void set(std::size_t index, void* data, std::size_t size, sockaddr* address,
           socklen_t address_size) noexcept {
    parts[index] = {data, size};
    msghdr& header = headers[index].msg_hdr;
    header = {};
    header.msg_name = address;
    header.msg_namelen = address_size;
    header.msg_iov = &parts[index];
    header.msg_iovlen = 1;
  }
};

error_code prepare(int descriptor, const twinwire::detail::DatagramSocketOptions& options) {
  if (options.reuse_port) {
    if (const error_code error = set_int_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1); error.failed()) {
      return error;
    }
  }
  if (options.allow_broadcast) {
    if (const error_code error = set_int_option(descriptor, SOL_SOCKET, SO_BROADCAST, 1); error.failed()) {
      return error;
    }
  }
  if (options.local) {
    const SocketAddress local(*options.local);
    if (::bind(descriptor, local.data(), local.size()) < 0) return last_error();
  }
  if (options.remote) {
    const SocketAddress remote(*options.remote);
    if (::connect(descriptor, remote.data(), remote.size()) < 0) return last_error();
  }
  return {};
}

}  // namespace

std::unique_ptr<DatagramSocket> DatagramSocket::open(PollerRef poller, SpaceRef space,
                                                     const twinwire::detail::DatagramSocketOptions& options,
                                                     error_code& error) {
  Descriptor socket(::socket(native_family(options.family), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) {
    error = last_error();
    return nullptr;
  }
  error = prepare(socket.get(), options);
  if (error.failed()) return nullptr;
  return std::make_unique<DatagramSocket>(std::move(poller), std::move(space), std::move(socket));
}

std::unique_ptr<DatagramSocket> DatagramSocket::adopt(PollerRef poller, SpaceRef space, NativeHandle handle,
                                                      error_code& error) {
  const auto type = get_int_option(handle.value, SOL_SOCKET, SO_TYPE);
  if (type != std::variant<std::int64_t, error_code>(std::int64_t{SOCK_DGRAM})) {
    error = make_error(errc::invalid_argument);
    return nullptr;
  }
  error = prepare_descriptor(handle.value);
  if (error.failed()) return nullptr;
  return std::make_unique<DatagramSocket>(std::move(poller), std::move(space), Descriptor(handle.value));
}

DatagramSocket::DatagramSocket(PollerRef poller, SpaceRef space, Descriptor socket)
    : WatchedDescriptor(std::move(poller), std::move(socket), EPOLLIN), space_(std::move(space)) {
  SocketAddress remote;
  connected_ = ::getpeername(descriptor_.get(), remote.data(), remote.size_pointer()) == 0;
  if (connected_) remote_ = remote.address();
}

// --- readiness ---

void DatagramSocket::on_events(std::uint32_t events) {
  if ((events & EPOLLERR) != 0) error_pending_ = true;
  // Each call may destroy this wire, or take its sink away.
  const Poller& poller = *poller_;
  const PollKey key = this->key();
  if (sink_ && (events & (EPOLLIN | EPOLLERR)) != 0) sink_->on_readable();
  if (!poller.current(key) || !sink_ || !wants_writable_ || (events & (EPOLLOUT | EPOLLERR)) == 0) return;
  wants_writable_ = false;
  sink_->on_writable();
}

// --- datagrams ---

BatchResult DatagramSocket::receive_many(std::span<ReceivedDatagram> received) {
  if (watch_failure_ != 0) return {0, system_code(std::exchange(watch_failure_, 0)), false};
  Messages messages;
  for (std::size_t i = 0; i < received.size(); ++i) {
    space_->sender(i) = SocketAddress();
    messages.set(i, space_->slot(i), DatagramSpace::largest, space_->sender(i).data(),
                 sizeof(sockaddr_storage));
  }
  int count = 0;
  do {
    count = ::recvmmsg(descriptor_.get(), messages.headers.data(), static_cast<unsigned>(received.size()), 0,
                       nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    const error_code error = last_error();
    if (would_block(error)) error_pending_ = false;
    return {0, error, would_block(error)};
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    *space_->sender(i).size_pointer() = messages.headers[i].msg_hdr.msg_namelen;
    received[i] = {{space_->slot(i), messages.headers[i].msg_len}, space_->sender(i).address()};
  }
  return {static_cast<std::size_t>(count),
          {},
          static_cast<std::size_t>(count) < received.size() && !error_pending_};
}

BatchResult DatagramSocket::send_many(std::span<const OutgoingDatagram> outgoing) {
  Messages messages;
  std::array<SocketAddress, batch_size> receivers;
  std::size_t count = 0;
  for (const OutgoingDatagram& datagram : outgoing) {
    if (count == batch_size) break;
    SocketAddress& receiver = receivers[count];
    if (datagram.receiver) receiver = SocketAddress(*datagram.receiver);
    messages.set(count, const_cast<std::byte*>(datagram.data.data()), datagram.data.size(),
                 datagram.receiver ? receiver.data() : nullptr, datagram.receiver ? receiver.size() : 0);
    ++count;
  }
  BatchResult result;
  while (result.count < count) {
    const int sent = ::sendmmsg(descriptor_.get(), messages.headers.data() + result.count,
                                static_cast<unsigned>(count - result.count), MSG_NOSIGNAL);
    if (sent >= 0) {
      result.count += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      result.error = last_error();
      if (would_block(result.error)) expect_writable();
      break;
    }
  }
  return result;
}

// --- the end ---

void DatagramSocket::close() {
  if (!descriptor_) return;
  local_address();  // while it can still be asked for
  stop_watching();
  descriptor_.close();
}

NativeHandle DatagramSocket::release() {
  if (!descriptor_) return {};
  local_address();
  return give_away();
}

// --- about it ---

std::optional<Address> DatagramSocket::local_address() const {
  SocketAddress native;
  // Asked for each time: the first datagram gives a port to a socket that was not bound.
  if (descriptor_ && ::getsockname(descriptor_.get(), native.data(), native.size_pointer()) == 0)
    local_ = native.address();
  return known_address(local_);
}

error_code DatagramSocket::set_option(Option option, std::int64_t value) {
  return set_socket_option(descriptor_.get(), option, value);
}

std::variant<std::int64_t, error_code> DatagramSocket::get_option(Option option) const {
  return get_socket_option(descriptor_.get(), option);
}

}  // namespace twinwire::real
