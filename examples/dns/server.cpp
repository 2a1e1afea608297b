#include "server.hpp"

#include "framing.hpp"

#include <twinwire/net/timeout.hpp>

#include <chrono>

namespace dns {

using twinwire::awaitable;

namespace {

/// RFC 7766, 6.2.3 asks for a few seconds.
constexpr twinwire::Duration idle_max = std::chrono::seconds(10);

}  // namespace

void UdpServer::datagram_received(twinwire::Bytes data, const twinwire::Address& sender) {
  if (paused_) return;
  if (const auto answer = responder_->answer(data, Responder::Carrier::datagram)) {
    transport_.sendto(*answer, sender);
  }
}

awaitable<void> serve_stream(std::shared_ptr<const Responder> responder, twinwire::StreamReader reader,
                             twinwire::StreamWriter writer) {
  try {
    for (;;) {
      const std::string message = co_await twinwire::with_timeout(idle_max, read_framed(reader));
      const auto answer = responder->answer(twinwire::as_bytes(message), Responder::Carrier::stream);
      if (!answer) break;
      writer.write(framed(*answer));
      co_await twinwire::with_timeout(idle_max, writer.drain());
    }
  } catch (const twinwire::OperationError& end) {
    // The peer has ended the connection, which closes it here, or it wants nothing.
    if (end.code() == twinwire::errc::timed_out) writer.abort();
  }
}

awaitable<twinwire::Server> serve(twinwire::Loop& loop, std::shared_ptr<const Responder> responder,
                                  std::string host, int port) {
  const twinwire::ServerOptions options(host, port);
  const auto serve_one = [responder](twinwire::StreamReader reader, twinwire::StreamWriter writer) {
    return serve_stream(responder, std::move(reader), std::move(writer));
  };
  twinwire::Server server = co_await twinwire::start_server(loop, serve_one, options);
  twinwire::DatagramOptions datagrams;
  datagrams.local_addr.emplace(host, server.port());
  // In a variable: GCC 12 destroys a lambda twice that is written into a co_await, with what it has captured.
  const auto udp_server = [responder] { return std::make_shared<UdpServer>(responder); };
  co_await twinwire::create_datagram_endpoint(loop, udp_server, datagrams);
  co_return server;
}

}  // namespace dns
