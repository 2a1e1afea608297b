#include "server.hpp"

#include "framing.hpp"

#include <twinwire/net/result.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/timeout.hpp>

#include <utility>

namespace dns {

using twinwire::awaitable;

namespace {

/// A port that is free for connections may be somebody else's for datagrams.
constexpr int free_port_tries = 10;

/// What the connections of one server share.
struct Shared {
  std::shared_ptr<const Responder> responder;
  Limits limits;
  std::size_t connections = 0;
};

/// Counts a connection while it lives.
class Counted {
 public:
  explicit Counted(Shared& shared) : shared_(shared) { ++shared_.connections; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --shared_.connections; }

 private:
  Shared& shared_;
};

/// Until the peer ends the connection, or wants nothing for a while.
awaitable<void> answer_all(const Shared& shared, twinwire::StreamReader reader,
                           twinwire::StreamWriter writer) {
  try {
    for (;;) {
      const std::string message =
          co_await twinwire::with_timeout(shared.limits.idle_time_max, read_framed(reader));
      const auto answer = shared.responder->answer(twinwire::as_bytes(message), Responder::Carrier::stream);
      if (!answer) break;
      writer.write(framed(*answer));
      co_await twinwire::with_timeout(shared.limits.idle_time_max, writer.drain());
    }
  } catch (const twinwire::OperationError& end) {
    if (end.code() == twinwire::errc::timed_out) writer.abort();
  }
}

awaitable<void> serve_stream(std::shared_ptr<Shared> shared, twinwire::StreamReader reader,
                             twinwire::StreamWriter writer) {
  if (shared->connections == shared->limits.connections_max) {
    writer.abort();
    co_return;
  }
  const Counted counted(*shared);
  co_await answer_all(*shared, std::move(reader), writer);
  // It counts, and does not go on for ever, while there are answers that the peer has not taken.
  writer.close();
  const auto closed = co_await twinwire::as_result(
      twinwire::with_timeout(shared->limits.idle_time_max, writer.wait_closed()));
  if (!closed) writer.abort();
}

}  // namespace

void UdpServer::datagram_received(twinwire::Bytes data, const twinwire::Address& sender) {
  if (paused_) return;
  if (const auto answer = responder_->answer(data, Responder::Carrier::datagram)) {
    transport_.sendto(*answer, sender);
  }
}

awaitable<twinwire::Server> serve_streams(twinwire::Loop& loop, std::shared_ptr<const Responder> responder,
                                          twinwire::ServerOptions options, Limits limits) {
  const auto shared = std::make_shared<Shared>(Shared{std::move(responder), limits});
  const auto serve_one = [shared](twinwire::StreamReader reader, twinwire::StreamWriter writer) {
    return serve_stream(shared, std::move(reader), std::move(writer));
  };
  co_return co_await twinwire::start_server(loop, serve_one, std::move(options));
}

awaitable<twinwire::Server> serve(twinwire::Loop& loop, std::shared_ptr<const Responder> responder,
                                  std::string host, int port, Limits limits) {
  const twinwire::ServerOptions options(host, port);
  // In a variable: GCC 12 destroys a lambda twice that is written into a co_await, with what it has captured.
  const auto udp_server = [responder] { return std::make_shared<UdpServer>(responder); };
  for (int tries = port == 0 ? free_port_tries : 1;; --tries) {
    twinwire::Server server = co_await serve_streams(loop, responder, options, limits);
    twinwire::DatagramOptions datagrams;
    datagrams.local_addr.emplace(host, server.port());
    const auto endpoint =
        co_await twinwire::as_result(twinwire::create_datagram_endpoint(loop, udp_server, datagrams));
    if (endpoint) co_return server;
    server.close();
    if (tries == 1 || endpoint.error().code() != twinwire::errc::address_in_use) endpoint.value();
  }
}

}  // namespace dns
