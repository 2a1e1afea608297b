// A simulated listening socket.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/tcp_connection.hpp>

#include <cstdint>
#include <vector>

namespace twinwire::sim {

class Handshake;
class Host;

/// Queues connections up to its backlog; those beyond it are not answered, so that clients try again.
class TcpAcceptor final : public Acceptor {
 public:
  TcpAcceptor(Host& host, const Address& address, NativeHandle handle, bool reuse_port);
  ~TcpAcceptor() override;

  bool listening() const noexcept { return listening_; }
  bool reuse_port() const noexcept { return reuse_port_; }
  const Address& address() const noexcept { return address_; }

  // --- for handshakes ---
  /// A place in the backlog. False if it is full.
  bool reserve(Handshake& handshake);
  void forget(Handshake& handshake) noexcept;
  void enqueue(Handshake& handshake, TcpConnection& connection);

  void set_sink(WireSink* sink) override;
  error_code listen(int backlog) override;
  std::unique_ptr<Wire> accept(error_code& error) override;
  void close() override;
  NativeHandle release() override;
  std::optional<Address> local_address() const override { return address_; }
  NativeHandle native_handle() const override { return open_ ? handle_ : NativeHandle{}; }

 private:
  void tell();
  void drop_clients();

  Host& host_;
  Address address_;
  NativeHandle handle_;
  bool reuse_port_;
  bool listening_ = false;
  bool open_ = true;
  std::size_t backlog_ = 0;
  WireSink* sink_ = nullptr;
  std::vector<Handshake*> promised_;
  std::vector<detail::Ref<TcpConnection>> waiting_;
  MemberEvent<TcpAcceptor, &TcpAcceptor::tell> event_{*this};
};

}  // namespace twinwire::sim
