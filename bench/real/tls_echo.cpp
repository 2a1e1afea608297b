// Echo over TLS: what a server costs per request and per idle connection, beside asio::ssl::stream.
//
//   tls_echo [--connections N] [--size BYTES] [--rounds N] [--pairs N]
//
// The clients are blocking OpenSSL: each round writes one request on every connection, then reads every
// answer.
#include "options.hpp"
#include "pairs.hpp"
#include "server_process.hpp"

#include <twinwire/net/tls/native.hpp>
#include <twinwire/real/event_loop.hpp>

#include <arpa/inet.h>
#include <certificates.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

namespace {

using namespace twinwire;
namespace asio = boost::asio;
using bench::ServerProcess;

// --- the servers ---

class Echo final : public Protocol {
 public:
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes data) override { transport_.write(data); }
  void pause_writing() override { transport_.pause_reading(); }
  void resume_writing() override { transport_.resume_reading(); }

 private:
  Transport transport_;
};

void serve_twinwire(const ServerProcess::Listening& listening) {
  const std::unique_ptr<Loop> loop = real::new_event_loop();
  ServerOptions options("127.0.0.1", 0);
  options.backlog = 4096;
  options.tls = tls_server(certificates::server_options());
  loop->create_server([] { return std::make_shared<Echo>(); }, options,
                      [&](const std::exception_ptr& failure, const Server& server) {
                        if (failure) std::rethrow_exception(failure);
                        listening(server.port());
                      });
  loop->run_forever();
}

/// One connection, as the examples of Asio have it.
class AsioSession : public std::enable_shared_from_this<AsioSession> {
 public:
  AsioSession(asio::ip::tcp::socket socket, asio::ssl::context& context)
      : stream_(std::move(socket), context) {}
  void start() {
    stream_.lowest_layer().set_option(asio::ip::tcp::no_delay(true));
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const auto& error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read_some(asio::buffer(space_), [self = shared_from_this()](const auto& error, auto size) {
      if (!error) self->write(size);
    });
  }
  void write(std::size_t size) {
    asio::async_write(stream_, asio::buffer(space_, size),
                      [self = shared_from_this()](const auto& error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  char space_[16 * 1024];
};

void accept_next(asio::ip::tcp::acceptor& acceptor, asio::ssl::context& context) {
  acceptor.async_accept([&](const auto& error, asio::ip::tcp::socket socket) {
    if (!error) std::make_shared<AsioSession>(std::move(socket), context)->start();
    accept_next(acceptor, context);
  });
}

void serve_asio(const ServerProcess::Listening& listening) {
  asio::io_context io(1);
  const TlsServerOptions options = certificates::server_options();
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(options.certificate_chain));
  context.use_private_key(asio::buffer(options.private_key), asio::ssl::context::pem);
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), 0});
  acceptor.listen(4096);
  listening(acceptor.local_endpoint().port());
  accept_next(acceptor, context);
  io.run();
}

// --- the clients ---

void check(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

int open_socket(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(::connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connecting failed");
  const int on = 1;
  ::setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return handle;
}

SSL* connect(SSL_CTX* context, unsigned short port) {
  SSL* const ssl = SSL_new(context);
  SSL_set_fd(ssl, open_socket(port));
  check(SSL_connect(ssl) == 1, "the handshake failed");
  return ssl;
}

void ask(const std::vector<SSL*>& all, std::string& message) {
  const int size = static_cast<int>(message.size());
  for (SSL* ssl : all) check(SSL_write(ssl, message.data(), size) == size, "writing failed");
  for (SSL* ssl : all) {
    for (int got = 0; got < size;) {
      const int count = SSL_read(ssl, message.data() + got, size - got);
      check(count > 0, "reading failed");
      got += count;
    }
  }
}

/// Connections to one server.
class Load {
 public:
  Load(const char* name, const ServerProcess& server, std::size_t connections, std::size_t size)
      : name_(name), server_(server), message_(size, 'x') {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    all_.push_back(connect(context, server.port()));
    ask(all_, message_);
    const std::uint64_t alone = server.stats().resident_bytes;
    while (all_.size() < connections) all_.push_back(connect(context, server.port()));
    ask(all_, message_);
    ::usleep(100'000);  // until the server has put away what it needs no more
    if (connections > 1) {
      std::printf(
          "%-9s %8.0f B per idle connection\n", name,
          static_cast<double>(server.stats().resident_bytes - alone) / static_cast<double>(connections - 1));
    }
  }

  bench::Contender contender(long long rounds) {
    return {name_, [this, rounds] {
              const std::uint64_t before = server_.stats().cpu_ns;
              for (long long round = 0; round < rounds; ++round) ask(all_, message_);
              const std::uint64_t used = server_.stats().cpu_ns - before;
              return static_cast<double>(used) / 1000 / static_cast<double>(rounds) /
                     static_cast<double>(all_.size());
            }};
  }

 private:
  const char* name_;
  const ServerProcess& server_;
  std::string message_;
  std::vector<SSL*> all_;
};

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--connections", "--size", "--rounds", "--pairs"});
  const auto connections = static_cast<std::size_t>(options.number("--connections", 64, 1, 10'000));
  const auto size = static_cast<std::size_t>(options.number("--size", 64, 1, 16 * 1024));
  const long long rounds = options.number("--rounds", 500, 1, 1'000'000);
  const ServerProcess twinwire_server(serve_twinwire);
  const ServerProcess asio_server(serve_asio);
  Load first("twinwire", twinwire_server, connections, size);
  Load second("asio", asio_server, connections, size);
  bench::compare_in_pairs(
      "TLS echo, " + std::to_string(connections) + " connections, " + std::to_string(size) + " B",
      "server CPU per request", options.number("--pairs", 7, 1, 1000), first.contender(rounds),
      second.contender(rounds));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "tls_echo: %s\n", error.what());
  return 1;
}
