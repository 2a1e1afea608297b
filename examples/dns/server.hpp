// A name server, on whatever network its loop has.
#pragma once

#include "limits.hpp"
#include "responder.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/datagram.hpp>
#include <twinwire/net/server.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace dns {

/// Answers datagrams. While the network takes no more, it answers none: who asked will ask again.
class UdpServer : public twinwire::DatagramProtocol {
 public:
  explicit UdpServer(std::shared_ptr<const Responder> responder) : responder_(std::move(responder)) {}

  void connection_made(twinwire::DatagramTransport transport) override { transport_ = std::move(transport); }
  void datagram_received(twinwire::Bytes data, const twinwire::Address& sender) override;
  void pause_writing() override { paused_ = true; }
  void resume_writing() override { paused_ = false; }

 private:
  std::shared_ptr<const Responder> responder_;
  twinwire::DatagramTransport transport_;
  bool paused_ = false;
};

/// Listens for connections. Each may bring any number of messages, each behind its length (RFC 1035, 4.2.2).
twinwire::awaitable<twinwire::Server> serve_streams(twinwire::Loop& loop,
                                                    std::shared_ptr<const Responder> responder,
                                                    twinwire::ServerOptions options, Limits limits = {});

/// Listens for datagrams and connections at the same port, 0 for a free one. Completes with the server of
/// the connections, which knows the port. Both go on until the loop is closed.
twinwire::awaitable<twinwire::Server> serve(twinwire::Loop& loop, std::shared_ptr<const Responder> responder,
                                            std::string host, int port, Limits limits = {});

}  // namespace dns
