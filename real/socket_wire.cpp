#include <twinwire/real/socket_address.hpp>
#include <twinwire/real/socket_options.hpp>
#include <twinwire/real/socket_wire.hpp>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace twinwire::real {
namespace {

/// The ends of a connection. They last, so after one of them a short read proves nothing: there is the end of
/// the stream, or the error, to be read behind it.
constexpr std::uint32_t endings = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
/// EPOLLPRI because a read stops short before an urgent byte, with more behind it: see tcp(7).
constexpr std::uint32_t always_watched = EPOLLIN | EPOLLRDHUP | EPOLLPRI;

/// Buffers for one sendmsg.
constexpr std::size_t gather_size = 64;

/// In the generic category, which is the fast one to compare with.
IoResult nothing_now() noexcept {
  return {0, make_error(errc::operation_would_block), true};
}

Descriptor open_socket(const Address& remote, const std::optional<Address>& local, error_code& error) {
  Descriptor socket = open_stream_socket(remote.family());
  if (!socket) {
    error = last_error();
    return {};
  }
  if (remote.family() != Family::unix_domain) set_no_delay(socket.get());
  if (!local) return socket;
  // The port is then chosen by connect(), which knows both ends and so does not run out: see ip(7).
  if (local->port() == 0) {
    static_cast<void>(set_int_option(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
  }
  const SocketAddress native(*local);
  if (::bind(socket.get(), native.data(), native.size()) < 0) {
    error = last_error();
    return {};
  }
  return socket;
}

/// Whether this stream socket has, or had, a peer. One that was reset has no name of it any more, as one that
/// was never connected, but its receiving end is shut: see poll(2).
bool was_connected(int descriptor, SocketAddress& remote) noexcept {
  if (::getpeername(descriptor, remote.data(), remote.size_pointer()) == 0) return true;
  *remote.size_pointer() = 0;
  if (errno != ENOTCONN) return false;
  pollfd state{descriptor, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLRDHUP) != 0;
}

/// sendmsg of some buffers: how many bytes went, or -1 with errno.
ssize_t send_gathered(int descriptor, std::span<const Bytes> buffers, std::size_t& wanted) {
  std::array<iovec, gather_size> parts;
  std::size_t count = 0;
  wanted = 0;
  for (const Bytes buffer : buffers) {
    parts[count++] = {const_cast<std::byte*>(buffer.data()), buffer.size()};
    wanted += buffer.size();
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

}  // namespace

std::unique_ptr<SocketWire> SocketWire::connect(PollerRef poller, const Address& remote,
                                                const std::optional<Address>& local, error_code& error) {
  Descriptor socket = open_socket(remote, local, error);
  if (!socket) return nullptr;
  const SocketAddress native(remote);
  // Interrupted means the same as in progress: see connect(2).
  if (::connect(socket.get(), native.data(), native.size()) < 0 && errno != EINPROGRESS && errno != EINTR) {
    error = last_error();
    return nullptr;
  }
  auto wire = std::make_unique<SocketWire>(std::move(poller), std::move(socket), Address{}, remote);
  wire->connecting_ = Connecting::pending;
  return wire;
}

std::unique_ptr<SocketWire> SocketWire::adopt(PollerRef poller, NativeHandle handle, error_code& error) {
  const auto type = get_int_option(handle.value, SOL_SOCKET, SO_TYPE);
  SocketAddress remote;
  if (type != std::variant<std::int64_t, error_code>(std::int64_t{SOCK_STREAM}) ||
      !was_connected(handle.value, remote)) {
    error = make_error(errc::invalid_argument);
    return nullptr;
  }
  error = prepare_descriptor(handle.value);
  if (error.failed()) return nullptr;
  set_no_delay(handle.value);
  auto wire =
      std::make_unique<SocketWire>(std::move(poller), Descriptor(handle.value), Address{}, remote.address());
  wire->lingers_ = is_lingering(handle.value);
  return wire;
}

SocketWire::SocketWire(PollerRef poller, Descriptor socket, const Address& local,
                       const Address& remote) noexcept
    : socket_(std::move(socket)),
      poller_(std::move(poller)),
      local_(local),
      local_known_(local.family() != Family::unspecified),
      remote_(remote) {}

SocketWire::~SocketWire() {
  poller_->forget(*this);
  close_socket();
}

// --- readiness ---

void SocketWire::set_sink(WireSink* sink) {
  sink_ = sink;
  if (!sink_ || !socket_) return;
  watches_writable_ = wants_writable_ || connecting_ != Connecting::no;
  watch(watches_writable_ ? always_watched | EPOLLOUT : always_watched);
}

void SocketWire::watch(std::uint32_t events) {
  const error_code error = registered() ? poller_->modify(*this, socket_.get(), events)
                                        : poller_->add(*this, socket_.get(), events);
  if (!error.failed()) return;
  watch_failure_ = error.value();
  poller_->inject(*this, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
}

void SocketWire::expect_writable() {
  wants_writable_ = true;
  if (watches_writable_ || !registered()) return;
  watches_writable_ = true;
  watch(always_watched | EPOLLOUT);
}

void SocketWire::on_events(std::uint32_t events) {
  if ((events & (endings | EPOLLPRI)) != 0) more_to_come_ = true;
  if (!sink_) return;
  if (connecting_ != Connecting::no) {
    if ((events & (EPOLLOUT | endings)) == 0) return;
    connecting_ = Connecting::ended;
    sink_->on_writable();
    return;
  }
  // Each call may destroy this wire, or take its sink away.
  const Poller& poller = *poller_;
  const PollKey key = this->key();
  const auto alive = [&] { return poller.current(key) && sink_ != nullptr; };
  if ((events & (EPOLLIN | EPOLLPRI | endings)) != 0) {
    sink_->on_readable();
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0 || !alive()) return;
  }
  if (wants_writable_ && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    wants_writable_ = false;
    sink_->on_writable();
    if (!alive()) return;
  }
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) sink_->on_hang_up();
}

// --- bytes ---

IoResult SocketWire::read_some(MutableBytes buffer) {
  if (watch_failure_ != 0) return {0, system_code(watch_failure_), true};
  while (true) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count >= 0) {
      const auto size = static_cast<std::size_t>(count);
      return {size, {}, size < buffer.size() && !more_to_come_};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {0, last_error(), true};
    more_to_come_ = false;
    return nothing_now();
  }
}

IoResult SocketWire::write_some(std::span<const Bytes> buffers) {
  if (watch_failure_ != 0) return {0, system_code(watch_failure_), false};
  IoResult result;
  while (!buffers.empty()) {
    const std::span<const Bytes> part = buffers.first(std::min(buffers.size(), gather_size));
    std::size_t wanted = part.front().size();
    const ssize_t count = part.size() == 1 ? ::send(socket_.get(), part.front().data(), wanted, MSG_NOSIGNAL)
                                           : send_gathered(socket_.get(), part, wanted);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        result.error = last_error();
        return result;
      }
      expect_writable();
      if (result.bytes == 0) result.error = make_error(errc::operation_would_block);
      return result;
    }
    result.bytes += static_cast<std::size_t>(count);
    if (static_cast<std::size_t>(count) < wanted) {
      // The send buffer is full, and the next EPOLLOUT will tell of room: see "edge-triggered" in epoll(7).
      expect_writable();
      return result;
    }
    buffers = buffers.subspan(part.size());
  }
  return result;
}

// --- the ends of a connection ---

error_code SocketWire::finish_connect() {
  if (watch_failure_ != 0) return system_code(watch_failure_);
  if (connecting_ == Connecting::pending) return make_error(errc::operation_would_block);
  const error_code error = take_socket_error(socket_.get());
  if (!error.failed()) connecting_ = Connecting::no;
  return error;
}

error_code SocketWire::take_error() {
  return take_socket_error(socket_.get());
}

error_code SocketWire::shutdown_write() {
  if (::shutdown(socket_.get(), SHUT_WR) == 0) return {};
  const error_code error = last_error();
  // "Not connected" is what a connection that was reset answers; why it was is more to the point.
  const error_code cause = take_socket_error(socket_.get());
  return cause.failed() ? cause : error;
}

void SocketWire::close() {
  if (!socket_) return;
  local_address();  // while it can still be asked for
  poller_->forget(*this);
  sink_ = nullptr;
  close_socket();
}

void SocketWire::close_socket() noexcept {
  // What was written is delivered in the background all the same.
  if (socket_ && lingers_) static_cast<void>(set_socket_option(socket_.get(), Option::linger_s, -1));
  socket_.close();
}

void SocketWire::abort() {
  if (socket_) static_cast<void>(set_option(Option::linger_s, 0));
  close();
}

NativeHandle SocketWire::release() {
  if (!socket_) return {};
  local_address();
  poller_->remove(*this, socket_.get());
  sink_ = nullptr;
  return {socket_.release()};
}

// --- about it ---

std::optional<Address> SocketWire::local_address() const {
  if (!local_known_ && socket_ && connecting_ == Connecting::no) {
    SocketAddress native;
    if (::getsockname(socket_.get(), native.data(), native.size_pointer()) == 0) local_ = native.address();
    local_known_ = true;
  }
  return known_address(local_);
}

std::optional<Address> SocketWire::remote_address() const {
  return known_address(remote_);
}

error_code SocketWire::set_option(Option option, std::int64_t value) {
  const error_code error = set_socket_option(socket_.get(), option, value);
  if (option == Option::linger_s && !error.failed()) lingers_ = value > 0;
  return error;
}

std::variant<std::int64_t, error_code> SocketWire::get_option(Option option) const {
  return get_socket_option(socket_.get(), option);
}

}  // namespace twinwire::real
