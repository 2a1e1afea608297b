// The server behind the handle: accepts from any number of acceptors, and knows its connections.
#pragma once

#include <twinwire/net/events/list.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/wait_operation.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <memory>
#include <string>
#include <vector>

namespace twinwire::detail {

/// Listed by its loop, which tells it when it goes; kept alive by handles, by its connections, and by itself
/// while open.
class ServerState final : public RefCounted, public ListLink<ServerTag> {
 public:
  ServerState(Loop& loop, ProtocolFactory factory, std::vector<std::unique_ptr<Acceptor>> acceptors,
              int backlog, TlsSettings tls);

  void start_serving();
  void close();
  /// The loop is going away: forgets everything without a callback.
  void detach_loop() noexcept;
  /// Null when it is gone.
  Loop* loop() const noexcept { return loop_; }
  bool is_serving() const noexcept { return serving_; }
  bool is_closed() const noexcept { return closed_; }
  std::vector<ServerSocket> sockets() const;
  std::size_t connections() const noexcept { return accepted_.size(); }
  void for_each_client(void (StreamTransport::*action)());

  Operation wait_closed(VoidCompletion done, std::string description);
  Operation serve_forever(VoidCompletion done);

  /// A connection of this server begins, and has been lost.
  void attach(StreamTransport& transport);
  void detach(StreamTransport& transport);

 private:
  class Listener;
  class ServeForever;
  class Handshake;

  void accept_from(Listener& listener);
  void serve(std::unique_ptr<Wire> wire);
  /// Makes protocol and transport, which takes the place of the one below, if there is one.
  void serve_ready(std::unique_ptr<Wire> wire, StreamTransport* below = nullptr);
  void pause_accepting(Listener& listener, error_code error);
  void wake_waiters();

  Loop* loop_;
  ProtocolFactory factory_;
  int backlog_;
  TlsSettings tls_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  CountedList<StreamTransport, AcceptedTag> accepted_;
  Waiters waiters_;
  Ref<ServeForever> serve_forever_;
  bool serving_ = false;
  bool closed_ = false;
};

}  // namespace twinwire::detail
