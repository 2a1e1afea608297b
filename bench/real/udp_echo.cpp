// Echo of datagrams: what a server costs per datagram, beside plain Asio.
//
//   udp_echo [--in-flight N] [--size BYTES] [--rounds N] [--pairs N]
//
// The client is blocking and bare: each round sends its datagrams with one system call, and takes the
// answers.
#include "options.hpp"
#include "pairs.hpp"
#include "server_process.hpp"

#include <twinwire/net/datagram.hpp>
#include <twinwire/real/event_loop.hpp>

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace {

using namespace twinwire;
namespace asio = boost::asio;
using bench::ServerProcess;

/// Enough for every datagram in flight.
constexpr int socket_buffer = 4 * 1024 * 1024;

// --- the servers ---

class Echo final : public DatagramProtocol {
 public:
  void connection_made(DatagramTransport transport) override { transport_ = std::move(transport); }
  void datagram_received(Bytes data, const Address& sender) override { transport_.sendto(data, sender); }

 private:
  DatagramTransport transport_;
};

void serve_twinwire(const ServerProcess::Listening& listening) {
  const std::unique_ptr<Loop> loop = real::new_event_loop();
  DatagramOptions options;
  options.local_addr = {"127.0.0.1", 0};
  loop->create_datagram_endpoint([] { return std::make_shared<Echo>(); }, options,
                                 [&](const std::exception_ptr& failure, const DatagramEndpoint& made) {
                                   if (failure) std::rethrow_exception(failure);
                                   made.transport.set_option(Option::receive_buffer_size, socket_buffer);
                                   listening(made.transport.sockname()->port());
                                 });
  loop->run_forever();
}

/// As the examples of Asio have it: what is received is sent back, then the next is received.
class AsioEcho {
 public:
  explicit AsioEcho(asio::io_context& io) : socket_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
    socket_.set_option(asio::socket_base::receive_buffer_size(socket_buffer));
  }
  unsigned short port() const { return socket_.local_endpoint().port(); }
  void receive() {
    socket_.async_receive_from(asio::buffer(space_), sender_, [this](const auto& error, std::size_t size) {
      if (error) return receive();
      socket_.async_send_to(asio::buffer(space_, size), sender_,
                            [this](const auto&, std::size_t) { receive(); });
    });
  }

 private:
  asio::ip::udp::socket socket_;
  asio::ip::udp::endpoint sender_;
  std::array<char, 64 * 1024> space_;
};

void serve_asio(const ServerProcess::Listening& listening) {
  asio::io_context io(1);
  AsioEcho echo(io);
  listening(echo.port());
  echo.receive();
  io.run();
}

// --- the client ---

class Client {
 public:
  Client(unsigned short port, std::size_t in_flight, std::size_t size)
      : handle_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        data_(in_flight, std::string(size, 'x')),
        parts_(in_flight),
        messages_(in_flight) {
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{5, 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVBUF, &socket_buffer, sizeof socket_buffer);
    if (::connect(handle_, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) {
      throw std::runtime_error("no socket");
    }
    for (std::size_t i = 0; i < in_flight; ++i) {
      parts_[i] = {data_[i].data(), size};
      messages_[i].msg_hdr = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(handle_); }

  /// Sends all, and takes as many.
  void round() {
    const auto count = static_cast<unsigned>(messages_.size());
    if (::sendmmsg(handle_, messages_.data(), count, 0) != static_cast<int>(count)) {
      throw std::runtime_error("sending failed");
    }
    for (unsigned got = 0; got < count;) {
      const int more = ::recvmmsg(handle_, messages_.data(), count - got, MSG_WAITFORONE, nullptr);
      if (more <= 0) throw std::runtime_error("a datagram got lost");
      for (int i = 0; i < more; ++i) {
        if (messages_[static_cast<std::size_t>(i)].msg_len != data_[0].size()) {
          throw std::runtime_error("another datagram came back");
        }
      }
      got += static_cast<unsigned>(more);
    }
  }

 private:
  int handle_;
  std::vector<std::string> data_;
  std::vector<iovec> parts_;
  std::vector<mmsghdr> messages_;
};

bench::Contender contender(const char* name, const ServerProcess& server, Client& client,
                           std::size_t in_flight, long long rounds) {
  return {name, [&server, &client, in_flight, rounds] {
            const std::uint64_t before = server.stats().cpu_ns;
            for (long long round = 0; round < rounds; ++round) client.round();
            const std::uint64_t used = server.stats().cpu_ns - before;
            return static_cast<double>(used) / 1000 / static_cast<double>(rounds) /
                   static_cast<double>(in_flight);
          }};
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--in-flight", "--size", "--rounds", "--pairs"});
  const auto in_flight = static_cast<std::size_t>(options.number("--in-flight", 64, 1, 1024));
  const auto size = static_cast<std::size_t>(options.number("--size", 64, 1, 60'000));
  const long long rounds = options.number("--rounds", 2000, 1, 1'000'000);
  const ServerProcess twinwire_server(serve_twinwire);
  const ServerProcess asio_server(serve_asio);
  Client first(twinwire_server.port(), in_flight, size);
  Client second(asio_server.port(), in_flight, size);
  bench::compare_in_pairs(
      "UDP echo, " + std::to_string(in_flight) + " datagrams of " + std::to_string(size) + " B in flight",
      "server CPU per datagram", options.number("--pairs", 7, 1, 1000),
      contender("twinwire", twinwire_server, first, in_flight, rounds),
      contender("asio", asio_server, second, in_flight, rounds));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "udp_echo: %s\n", error.what());
  return 1;
}
