#include <twinwire/sim/host.hpp>
#include <twinwire/sim/host_backend.hpp>
#include <twinwire/sim/processes/pipe_wire.hpp>
#include <twinwire/sim/tcp/tcp_acceptor.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/tcp/tcp_wire.hpp>
#include <twinwire/sim/udp/udp_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <utility>

namespace twinwire::sim {
namespace {

constexpr Purpose shared_port{"listener",
                              "{entity}: went to listener {outcome} of those that share the port"};

constexpr Purpose system_random_bits{"system-random", "{entity}: random bits of the system"};

}  // namespace

Host::Host(World& world, std::string name, HostOptions options, std::uint64_t index)
    : world_(world),
      name_(std::move(name)),
      options_(std::move(options)),
      index_(index),
      loop_(std::make_unique<Loop>(std::make_unique<HostBackend>(*this, name_, index_))) {
  static_cast<HostBackend&>(loop_->backend()).attach(*loop_);
}

Host::~Host() {
  end();
}

void Host::end() noexcept {
  processes_.end();
  loop_.reset();
  descriptors_.clear();
}

void Host::deliver_signal(int signal_number) {
  loop_->call_soon(
      [this, signal_number] { static_cast<HostBackend&>(loop_->backend()).signal(signal_number); });
}

void Host::send_forged(const Address& from, const Address& to, Bytes data) {
  udp_.forge(from, to, data);
}

std::uint64_t Host::system_random() {
  Choices& choices = world_.choices();
  return choices.entropy(choices.site(name_, system_random_bits), system_random_count_++);
}

// --- addresses and ports ---

bool Host::has(const Address& address) const noexcept {
  if (address.is_loopback() || address.is_unspecified() || address.family() == Family::unix_domain)
    return true;
  return std::ranges::any_of(options_.addresses,
                             [&](const Address& own) { return own == address.with_port(own.port()); });
}

/// `reuse_port`: those who said so too do not count.
bool Host::port_taken(const Address& address, bool reuse_port) const {
  // Clients have addresses of their own; only one who binds to all of them has to look through the clients.
  const bool by_client =
      address.is_unspecified()
          ? std::ranges::any_of(client_ports_, [&](const Address& used) { return overlap(used, address); })
          : client_ports_.contains(address);
  return by_client || std::ranges::any_of(acceptors_, [&](const TcpAcceptor* other) {
           return overlap(other->address(), address) && !(reuse_port && other->reuse_port());
         });
}

std::optional<Address> Host::source_address(const Address& remote, error_code& error) const {
  if (has(remote)) return remote.with_port(0);
  const auto own = std::ranges::find(options_.addresses, remote.family(), &Address::family);
  if (own != options_.addresses.end()) return own->with_port(0);
  error = make_error(errc::network_unreachable);
  return std::nullopt;
}

std::optional<Address> Host::source_for(const Address& remote, const std::optional<Address>& local,
                                        error_code& error) {
  Address source = local.value_or(Address{});
  if (!local || local->is_unspecified()) {
    const std::optional<Address> own = source_address(remote, error);
    if (!own) return std::nullopt;
    source = own->with_port(source.port());
  } else if (!has(source)) {
    error = make_error(errc::address_not_available);
    return std::nullopt;
  }
  if (source.port() == 0) {
    const std::uint16_t port =
        ports_.next([&](std::uint16_t candidate) { return port_taken(source.with_port(candidate)); });
    if (port == 0) {
      error = make_error(errc::address_not_available);
      return std::nullopt;
    }
    source = source.with_port(port);
  } else if (port_taken(source)) {
    error = make_error(errc::address_in_use);
    return std::nullopt;
  }
  return source;
}

std::string Host::connection_name(const Address& remote) {
  const std::string name = name_ + ">" + world_.name_of(remote, *this);
  return name + "#" + std::to_string(++connection_counts_[name]);
}

// --- sockets ---

std::unique_ptr<Wire> Host::connect(const Address& remote, const std::optional<Address>& local,
                                    error_code& error) {
  if (remote.family() == Family::unix_domain) return connect_unix(remote, error);
  if (remote.is_unspecified()) {
    // "This host", as Linux takes it.
    return connect(Address::of(remote.family() == Family::ipv4 ? "127.0.0.1" : "::1", remote.port()), local,
                   error);
  }
  const std::optional<Address> source = source_for(remote, local, error);
  if (!source) return nullptr;
  const NativeHandle handle = open_descriptor(error);
  if (!handle) return nullptr;
  client_ports_.insert(*source);
  auto connection = detail::make_ref<TcpConnection>(world_, *this, *source, remote, connection_name(remote));
  return std::make_unique<TcpWire>(std::move(connection), 0, handle);
}

/// Fails at once, as the system does: it knows both ends.
std::unique_ptr<Wire> Host::connect_unix(const Address& remote, error_code& error) {
  const NativeHandle handle = open_descriptor(error);
  if (!handle) return nullptr;
  TcpAcceptor* const listener = unix_listener(remote);
  if (listener && listener->has_room()) {
    auto connection = detail::make_ref<TcpConnection>(world_, *this, *listener, connection_name(remote));
    return std::make_unique<TcpWire>(std::move(connection), 0, handle);
  }
  close_descriptor(handle);
  const bool nothing_there = remote.is_file() && !files_.contains(remote.path());
  error = make_error(listener        ? errc::resource_unavailable_try_again
                     : nothing_there ? errc::no_such_file_or_directory
                                     : errc::connection_refused);
  return nullptr;
}

std::unique_ptr<Acceptor> Host::bind(const Address& local, const detail::ListenOptions& options,
                                     error_code& error) {
  if (local.family() == Family::unix_domain) return bind_unix(local, options.reuse_address, error);
  if (!has(local)) {
    error = make_error(errc::address_not_available);
    return nullptr;
  }
  Address address = local;
  if (address.port() == 0) {
    address = address.with_port(
        ports_.next([&](std::uint16_t candidate) { return port_taken(address.with_port(candidate)); }));
  }
  if (address.port() == 0 || port_taken(address, options.reuse_port)) {
    error = make_error(errc::address_in_use);
    return nullptr;
  }
  const NativeHandle handle = open_descriptor(error);
  if (!handle) return nullptr;
  return std::make_unique<TcpAcceptor>(*this, address, handle, options.reuse_port);
}

std::unique_ptr<Acceptor> Host::bind_unix(const Address& local, bool replace, error_code& error) {
  const NativeHandle handle = open_descriptor(error);
  if (!handle) return nullptr;
  const std::uint64_t file = files_.bind(local.path(), replace, error);
  if (file == 0) {
    close_descriptor(handle);
    return nullptr;
  }
  return std::make_unique<TcpAcceptor>(*this, local, handle, false, file);
}

/// Who listens on the socket file that has this name now.
TcpAcceptor* Host::unix_listener(const Address& address) const {
  const std::uint64_t file = files_.socket_at(address.path());
  const auto found = std::ranges::find_if(acceptors_, [&](const TcpAcceptor* acceptor) {
    return file != 0 && acceptor->file() == file && acceptor->listening();
  });
  return found == acceptors_.end() ? nullptr : *found;
}

void Host::add_acceptor(TcpAcceptor& acceptor) {
  acceptors_.push_back(&acceptor);
}

void Host::remove_acceptor(TcpAcceptor& acceptor) noexcept {
  std::erase(acceptors_, &acceptor);
}

TcpAcceptor* Host::listener_for(const Address& address, std::string_view connection) {
  std::vector<TcpAcceptor*> exact;
  std::vector<TcpAcceptor*> any;
  for (TcpAcceptor* acceptor : acceptors_) {
    if (!acceptor->listening() || !overlap(acceptor->address(), address)) continue;
    (acceptor->address().is_unspecified() ? any : exact).push_back(acceptor);
  }
  const auto& listeners = exact.empty() ? any : exact;
  if (listeners.empty()) return nullptr;
  if (listeners.size() == 1) return listeners.front();
  Choices& choices = world_.choices();
  return listeners[choices.draw(choices.site(connection, shared_port), 0, listeners.size())];
}

// --- descriptors ---

std::unique_ptr<Wire> Host::adopt_stream(NativeHandle handle, error_code& error) {
  auto socket = descriptors_.take<DetachedSocket>(handle, error);
  if (!socket) return nullptr;
  return std::make_unique<TcpWire>(std::move(socket->connection), socket->side, handle);
}

std::unique_ptr<Acceptor> Host::adopt_acceptor(NativeHandle handle, error_code& error) {
  const auto socket = descriptors_.take<DetachedAcceptor>(handle, error);
  if (!socket) return nullptr;
  return std::make_unique<TcpAcceptor>(*this, socket->address, handle, socket->reuse_port, socket->file);
}

std::unique_ptr<DatagramWire> Host::adopt_datagram(NativeHandle handle, error_code& error) {
  auto socket = descriptors_.take<detail::Ref<UdpSocket>>(handle, error);
  if (!socket) return nullptr;
  return std::make_unique<UdpWire>(std::move(*socket));
}

std::unique_ptr<Wire> Host::adopt_pipe(NativeHandle handle, Direction direction, error_code& error) {
  auto end = descriptors_.take<detail::Ref<PipeEnd>>(handle, error);
  if (!end) return nullptr;
  if ((*end)->direction() != direction) {
    error = make_error(errc::invalid_argument);
    descriptors_.detach(handle, std::move(*end));
    return nullptr;
  }
  return std::make_unique<PipeWire>(std::move(*end), handle);
}

PipeEnds Host::make_pipe(const std::string& owner, error_code& error) {
  const std::string name = owner + " pipe " + std::to_string(++pipe_counts_[owner]);
  const auto pipe = detail::make_ref<Pipe>(*this, name);
  PipeEnds ends;
  const int limit = options_.max_descriptors;
  ends.reading = descriptors_.open(limit, error, detail::make_ref<PipeEnd>(pipe, Direction::receive));
  if (!ends.reading) return {};
  ends.writing = descriptors_.open(limit, error, detail::make_ref<PipeEnd>(pipe, Direction::send));
  if (ends.writing) return ends;
  descriptors_.close(ends.reading);
  return {};
}

NativeHandle Host::open_file(const std::string& path, error_code& error) {
  const auto content = files_.content(path);
  if (!content) {
    error = make_error(files_.is_directory(path) ? errc::is_a_directory : errc::no_such_file_or_directory);
    return {};
  }
  return descriptors_.open(options_.max_descriptors, error,
                           detail::make_ref<OpenFile>(content, !path.starts_with("/proc/")));
}

std::unique_ptr<FileSource> Host::open_source(NativeHandle file, error_code& error) {
  const Descriptors::Entry* const entry = descriptors_.find(file);
  const auto* open = entry ? std::get_if<detail::Ref<OpenFile>>(entry) : nullptr;
  if (open) return std::make_unique<OpenFileSource>(*open, file);
  error = make_error(errc::invalid_argument);
  return nullptr;
}

Family Host::family_of(NativeHandle handle) noexcept {
  const Descriptors::Entry* const entry = descriptors_.find(handle);
  if (!entry) return Family::unspecified;
  if (const auto* socket = std::get_if<DetachedSocket>(entry)) {
    return socket->connection->address(socket->side).family();
  }
  const auto* listening = std::get_if<DetachedAcceptor>(entry);
  return listening ? listening->address.family() : Family::unspecified;
}

void Host::close_detached(NativeHandle handle) {
  error_code ignored;
  if (adopt_stream(handle, ignored) || adopt_acceptor(handle, ignored) || adopt_datagram(handle, ignored))
    return;  // destroying them closes
  if (descriptors_.take<detail::Ref<PipeEnd>>(handle, ignored) ||
      descriptors_.take<detail::Ref<OpenFile>>(handle, ignored)) {
    descriptors_.close(handle);
  }
}

}  // namespace twinwire::sim
