#include <twinwire/sim/host.hpp>
#include <twinwire/sim/tcp/handshake.hpp>
#include <twinwire/sim/tcp/tcp_acceptor.hpp>
#include <twinwire/sim/tcp/tcp_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>

namespace twinwire::sim {

TcpAcceptor::TcpAcceptor(Host& host, const Address& address, NativeHandle handle, bool reuse_port,
                         std::uint64_t file)
    : host_(host), address_(address), handle_(handle), reuse_port_(reuse_port), file_(file) {
  host_.add_acceptor(*this);
}

TcpAcceptor::~TcpAcceptor() {
  close();
}

bool TcpAcceptor::reserve(Handshake& handshake) {
  if (!has_room()) return false;
  promised_.push_back(handshake);
  return true;
}

void TcpAcceptor::forget(Handshake& handshake) noexcept {
  if (handshake.linked()) promised_.remove(handshake);
}

void TcpAcceptor::enqueue(Handshake& handshake, TcpConnection& connection) {
  forget(handshake);
  waiting_.emplace_back(&connection);
  tell();
}

void TcpAcceptor::tell() {
  if (sink_ && !waiting_.empty()) sink_->on_readable();
}

void TcpAcceptor::set_sink(WireSink* sink) {
  sink_ = sink;
  if (sink_ && !waiting_.empty()) {
    host_.world().schedule(event_, host_.world().time());
  } else {
    event_.cancel();
  }
}

error_code TcpAcceptor::listen(int backlog) {
  if (!open_) return make_error(errc::bad_file_descriptor);
  backlog_ = static_cast<std::size_t>(std::max(backlog, 1));
  listening_ = true;
  return {};
}

std::unique_ptr<Wire> TcpAcceptor::accept(error_code& error) {
  if (waiting_.empty()) {
    error = make_error(open_ ? errc::operation_would_block : errc::bad_file_descriptor);
    return nullptr;
  }
  const NativeHandle handle = host_.open_descriptor(error);
  if (!handle) return nullptr;
  host_.descriptors().give_to(handle, host_.descriptors().owner_of(handle_));
  detail::Ref<TcpConnection> connection = std::move(waiting_.front());
  waiting_.pop_front();
  return std::make_unique<TcpWire>(std::move(connection), 1, handle);
}

void TcpAcceptor::close() {
  if (!open_) return;
  open_ = false;
  listening_ = false;
  set_sink(nullptr);
  host_.remove_acceptor(*this);
  host_.close_descriptor(handle_);
  if (cleans_up_ || address_.is_abstract()) host_.files().unlink(address_.path(), file_);
  drop_clients();
}

/// Connections that nobody accepted are reset.
void TcpAcceptor::drop_clients() {
  while (!promised_.empty()) {
    Handshake& handshake = promised_.front();
    forget(handshake);
    handshake.listener_closed();
  }
  for (const auto& connection : std::exchange(waiting_, {})) connection->abort(1);
}

NativeHandle TcpAcceptor::release() {
  if (!open_) return {};
  open_ = false;
  listening_ = false;
  set_sink(nullptr);
  host_.remove_acceptor(*this);
  drop_clients();
  host_.descriptors().detach(handle_, DetachedAcceptor{address_, reuse_port_, file_});
  return handle_;
}

}  // namespace twinwire::sim
