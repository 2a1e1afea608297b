// A simulated listening socket, of TCP or Unix.
#pragma once

#include <twinwire/net/events/list.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>

#include <cstdint>
#include <deque>

namespace twinwire::sim {

class Handshake;
class Host;
struct PromisedTag;

/// Queues connections up to its backlog; those beyond it are not answered (Unix: are told), so that clients
/// try again.
class TcpAcceptor final : public Acceptor {
 public:
  /// `file`: the number of a Unix socket's file, see Files; 0 for TCP.
  TcpAcceptor(Host& host, const Address& address, NativeHandle handle, bool reuse_port,
              std::uint64_t file = 0);
  ~TcpAcceptor() override;

  bool listening() const noexcept { return listening_; }
  bool reuse_port() const noexcept { return reuse_port_; }
  std::uint64_t file() const noexcept { return file_; }
  const Address& address() const noexcept { return address_; }

  // --- for handshakes ---
  bool has_room() const noexcept { return promised_.size() + waiting_.size() < backlog_; }
  /// A place in the backlog. False if it is full.
  bool reserve(Handshake& handshake);
  void forget(Handshake& handshake) noexcept;
  void enqueue(Handshake& handshake, TcpConnection& connection);

  void set_sink(WireSink* sink) override;
  error_code listen(int backlog) override;
  std::unique_ptr<Wire> accept(error_code& error) override;
  void close() override;
  NativeHandle release() override;
  void clean_up_on_close() override { cleans_up_ = true; }
  std::optional<Address> local_address() const override { return address_; }
  NativeHandle native_handle() const override { return open_ ? handle_ : NativeHandle{}; }

 private:
  void tell();
  void drop_clients();

  Host& host_;
  Address address_;
  NativeHandle handle_;
  bool reuse_port_;
  bool cleans_up_ = false;
  std::uint64_t file_;
  bool listening_ = false;
  bool open_ = true;
  std::size_t backlog_ = 0;
  WireSink* sink_ = nullptr;
  detail::CountedList<Handshake, PromisedTag> promised_;
  std::deque<detail::Ref<TcpConnection>> waiting_;
  MemberEvent<TcpAcceptor, &TcpAcceptor::tell> event_{*this};
};

}  // namespace twinwire::sim
