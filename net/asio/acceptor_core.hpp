// What lies between an acceptor for Asio and its server: connections that wait, or accepts that do.
#pragma once

#include <twinwire/net/asio/stream_core.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/unix.hpp>

#include <deque>
#include <variant>

namespace twinwire::detail {

using AcceptCompletion = UniqueFunction<void(error_code, Ref<StreamCore>)>;

/// Where an acceptor can listen.
using ListenTarget = std::variant<ServerOptions, UnixServerOptions>;

/// Connections are accepted as they come, and wait here in their order, unread. Loop thread only.
class AcceptorCore final : public RefCounted {
 public:
  explicit AcceptorCore(Loop& loop) noexcept;
  ~AcceptorCore() override;

  /// Fails with what ended it, and with invalid_argument for options that create_server rejects.
  Operation start_listen(ListenTarget target, IoCompletion&& done);
  /// Several may wait: they are served in their order.
  Operation start_accept(AcceptCompletion&& done);
  /// What waits fails with operation_aborted.
  void cancel();
  /// As cancel, and stops listening. Connections that nobody has accepted are reset.
  void close();
  bool is_open() const noexcept { return !closed_; }
  const Server& server() const noexcept { return server_; }

 private:
  class Accept;
  struct AcceptTag;

  ProtocolFactory factory();
  void arrived(Ref<StreamCore> connection);

  Loop* loop_;  ///< valid while operations can be begun, which is for its user to see to
  Server server_;
  Operation listen_;
  List<Accept, AcceptTag> accepts_;
  std::deque<Ref<StreamCore>> waiting_;
  bool closed_ = false;
};

}  // namespace twinwire::detail
