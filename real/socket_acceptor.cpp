#include <twinwire/real/socket_acceptor.hpp>
#include <twinwire/real/socket_address.hpp>
#include <twinwire/real/socket_options.hpp>
#include <twinwire/real/socket_wire.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

namespace twinwire::real {
namespace {

error_code set_up(int descriptor, const Address& local, const twinwire::detail::ListenOptions& options) {
  error_code error;
  if (options.reuse_address) error = set_int_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port && !error.failed()) error = set_int_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
  // So that the same port can be bound for both families.
  if (local.family() == Family::ipv6 && !error.failed()) {
    error = set_int_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (error.failed()) return error;
  if (options.reuse_address && local.is_file()) remove_socket_file(local.path());
  const SocketAddress native(local);
  if (::bind(descriptor, native.data(), native.size()) < 0) return last_error();
  return {};
}

/// A socket that was never bound has port 0, and a Unix socket no name.
bool is_bound(const SocketAddress& address) {
  if (address.family() == AF_UNIX) return address.size() > sizeof(sa_family_t);
  return address.address().port() != 0;
}

}  // namespace

std::unique_ptr<SocketAcceptor> SocketAcceptor::bind(PollerRef poller, const Address& local,
                                                     const twinwire::detail::ListenOptions& options,
                                                     error_code& error) {
  Descriptor socket = open_stream_socket(local.family());
  error = socket ? set_up(socket.get(), local, options) : last_error();
  if (error.failed()) return nullptr;
  return std::make_unique<SocketAcceptor>(std::move(poller), std::move(socket));
}

std::unique_ptr<SocketAcceptor> SocketAcceptor::adopt(PollerRef poller, NativeHandle handle,
                                                      error_code& error) {
  const auto type = get_int_option(handle.value, SOL_SOCKET, SO_TYPE);
  SocketAddress local;
  SocketAddress remote;
  if (type != std::variant<std::int64_t, error_code>(std::int64_t{SOCK_STREAM}) ||
      ::getsockname(handle.value, local.data(), local.size_pointer()) < 0 || !is_bound(local) ||
      ::getpeername(handle.value, remote.data(), remote.size_pointer()) == 0) {
    error = make_error(errc::invalid_argument);
    return nullptr;
  }
  error = prepare_descriptor(handle.value);
  if (error.failed()) return nullptr;
  auto acceptor = std::make_unique<SocketAcceptor>(std::move(poller), Descriptor(handle.value));
  acceptor->lingers_ = is_lingering(handle.value);
  return acceptor;
}

SocketAcceptor::SocketAcceptor(PollerRef poller, Descriptor socket) noexcept
    : WatchedDescriptor(std::move(poller), std::move(socket), EPOLLIN) {
  SocketAddress native;
  if (::getsockname(descriptor_.get(), native.data(), native.size_pointer()) == 0) local_ = native.address();
  // On Linux an accepted socket inherits this, which spares a call for each.
  if (local_.family() != Family::unix_domain) set_no_delay(descriptor_.get());
}

SocketAcceptor::~SocketAcceptor() {
  close();
}

void SocketAcceptor::on_events(std::uint32_t) {
  if (sink_) sink_->on_readable();
}

error_code SocketAcceptor::listen(int backlog) {
  if (::listen(descriptor_.get(), backlog) < 0) return last_error();
  return {};
}

std::unique_ptr<Wire> SocketAcceptor::accept(error_code& error) {
  if (!watch_again()) {
    // The limit on watched descriptors: something to wait for, as with the other limits.
    error = make_error(errc::no_buffer_space);
    return nullptr;
  }
  while (true) {
    SocketAddress native;
    Descriptor socket(
        ::accept4(descriptor_.get(), native.data(), native.size_pointer(), SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      // Where one address only is listened on, it is the connection's too and need not be asked for.
      const Address local = local_.is_unspecified() ? Address{} : local_;
      auto wire = std::make_unique<SocketWire>(poller_, std::move(socket), local, native.address());
      if (lingers_) wire->note_lingering();
      return wire;
    }
    if (errno == EINTR) continue;
    const bool nothing_now = errno == EAGAIN || errno == EWOULDBLOCK;
    error = nothing_now ? make_error(errc::operation_would_block) : last_error();
    return nullptr;
  }
}

void SocketAcceptor::close() {
  if (!descriptor_) return;
  stop_watching();
  file_.remove();
  descriptor_.close();
}

NativeHandle SocketAcceptor::release() {
  if (!descriptor_) return {};
  file_.forget();
  return give_away();
}

void SocketAcceptor::clean_up_on_close() {
  if (descriptor_ && local_.is_file()) file_ = SocketFile(local_.path());
}

std::optional<Address> SocketAcceptor::local_address() const {
  return known_address(local_);
}

}  // namespace twinwire::real
