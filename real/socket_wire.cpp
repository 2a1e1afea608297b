#include <twinwire/net/wire/file_source.hpp>
#include <twinwire/real/socket_address.hpp>
#include <twinwire/real/socket_options.hpp>
#include <twinwire/real/socket_wire.hpp>
#include <twinwire/real/without_sigpipe.hpp>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace twinwire::real {
namespace {

/// EPOLLPRI because a read stops short before an urgent byte, with more behind it: see tcp(7).
constexpr std::uint32_t always_watched = EPOLLIN | EPOLLRDHUP | EPOLLPRI;

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

ssize_t send_gathered(int descriptor, Gathered& part) {
  if (part.count() == 1) return ::send(descriptor, part.data()->iov_base, part.bytes(), MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = part.data();
  message.msg_iovlen = part.count();
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
    : WatchedDescriptor(std::move(poller), std::move(socket), always_watched),
      local_(local),
      local_known_(local.family() != Family::unspecified),
      remote_(remote) {}

SocketWire::~SocketWire() {
  close_socket();
}

// --- readiness ---

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
    const ssize_t count = ::recv(descriptor_.get(), buffer.data(), buffer.size(), 0);
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
  return write_gathered(buffers, [this](Gathered& part) { return send_gathered(descriptor_.get(), part); });
}

IoResult SocketWire::send_file(FileSource& file, std::uint64_t offset, std::size_t count) {
  if (watch_failure_ != 0) return {0, system_code(watch_failure_), false};
  auto position = static_cast<off_t>(offset);
  ssize_t sent = 0;
  do {
    const WithoutSigpipe guard;
    sent = ::sendfile(descriptor_.get(), file.native_handle().value, &position, count);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {static_cast<std::size_t>(sent), {}, false};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    expect_writable();
    return nothing_now();
  }
  // What sendfile(2) cannot do with this file, reading and writing may.
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return Wire::send_file(file, offset, count);
  return {0, last_error(), false};
}

// --- the ends of a connection ---

error_code SocketWire::finish_connect() {
  if (watch_failure_ != 0) return system_code(watch_failure_);
  if (connecting_ == Connecting::pending) return make_error(errc::operation_would_block);
  const error_code error = take_socket_error(descriptor_.get());
  if (!error.failed()) connecting_ = Connecting::no;
  return error;
}

error_code SocketWire::take_error() {
  return take_socket_error(descriptor_.get());
}

error_code SocketWire::shutdown_write() {
  if (::shutdown(descriptor_.get(), SHUT_WR) == 0) return {};
  const error_code error = last_error();
  // "Not connected" is what a connection that was reset answers; why it was is more to the point.
  const error_code cause = take_socket_error(descriptor_.get());
  return cause.failed() ? cause : error;
}

void SocketWire::close() {
  if (!descriptor_) return;
  local_address();  // while it can still be asked for
  stop_watching();
  close_socket();
}

void SocketWire::close_socket() noexcept {
  // What was written is delivered in the background all the same.
  if (descriptor_ && lingers_) static_cast<void>(set_socket_option(descriptor_.get(), Option::linger_s, -1));
  descriptor_.close();
}

void SocketWire::abort() {
  if (descriptor_) static_cast<void>(set_option(Option::linger_s, 0));
  close();
}

NativeHandle SocketWire::release() {
  if (!descriptor_) return {};
  local_address();
  return give_away();
}

// --- about it ---

std::optional<Address> SocketWire::local_address() const {
  if (!local_known_ && descriptor_ && connecting_ == Connecting::no) {
    SocketAddress native;
    if (::getsockname(descriptor_.get(), native.data(), native.size_pointer()) == 0)
      local_ = native.address();
    local_known_ = true;
  }
  return known_address(local_);
}

std::optional<Address> SocketWire::remote_address() const {
  return known_address(remote_);
}

error_code SocketWire::set_option(Option option, std::int64_t value) {
  const error_code error = set_socket_option(descriptor_.get(), option, value);
  if (option == Option::linger_s && !error.failed()) lingers_ = value > 0;
  return error;
}

std::variant<std::int64_t, error_code> SocketWire::get_option(Option option) const {
  return get_socket_option(descriptor_.get(), option);
}

}  // namespace twinwire::real
