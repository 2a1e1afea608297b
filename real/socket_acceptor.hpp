// A listening stream socket.
#pragma once

#include <twinwire/net/wire/backend.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/real/socket_file.hpp>
#include <twinwire/real/watched_descriptor.hpp>

#include <memory>
#include <optional>

namespace twinwire::real {

/// Edge-triggered: what accept() left in the queue is not told of again, new arrivals are. Loop thread only;
/// the rest is said at Acceptor.
class SocketAcceptor final : public Acceptor, private WatchedDescriptor {
 public:
  /// Binds a new socket. Null with an error if that failed.
  static std::unique_ptr<SocketAcceptor> bind(PollerRef poller, const Address& local,
                                              const twinwire::detail::ListenOptions& options,
                                              error_code& error);
  /// Takes over a bound stream socket. Null, with invalid_argument, if it is not one: it is not closed then.
  static std::unique_ptr<SocketAcceptor> adopt(PollerRef poller, NativeHandle handle, error_code& error);
  SocketAcceptor(PollerRef poller, Descriptor socket) noexcept;
  ~SocketAcceptor() override;

  void set_sink(WireSink* sink) override { watch_for(sink); }
  error_code listen(int backlog) override;
  std::unique_ptr<Wire> accept(error_code& error) override;
  void close() override;
  NativeHandle release() override;
  void clean_up_on_close() override;
  std::optional<Address> local_address() const override;
  NativeHandle native_handle() const override { return descriptor_.handle(); }

 private:
  void on_events(std::uint32_t events) override;

  Address local_;
  SocketFile file_;       ///< to be removed with the socket
  bool lingers_ = false;  ///< and so do the sockets that it accepts
};

}  // namespace twinwire::real
