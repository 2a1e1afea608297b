// Echo over TLS: what a server costs per request and per idle connection. One process serves, this one asks.
//
//   tls_echo --form twinwire|asio --port N [--connections N] [--size BYTES] [--rounds N]
//
// The clients are blocking OpenSSL: each round writes one request on every connection, then reads every
// answer.
#include "options.hpp"
#include "server_stats.hpp"

#include <twinwire/net/tls/native.hpp>
#include <twinwire/real/event_loop.hpp>

#include <arpa/inet.h>
#include <certificates.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

namespace {

using namespace twinwire;
namespace asio = boost::asio;

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

void serve_twinwire(unsigned short port) {
  const std::unique_ptr<Loop> loop = real::new_event_loop();
  ServerOptions options("127.0.0.1", port);
  options.backlog = 4096;
  options.tls = tls_server(certificates::server_options());
  loop->create_server([] { return std::make_shared<Echo>(); }, options,
                      [](const std::exception_ptr& failure, const Server&) {
                        if (failure) std::rethrow_exception(failure);
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

void serve_asio(unsigned short port) {
  asio::io_context io(1);
  const TlsServerOptions options = certificates::server_options();
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(options.certificate_chain));
  context.use_private_key(asio::buffer(options.private_key), asio::ssl::context::pem);
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), port});
  acceptor.listen(4096);
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
  const int tries = 200;
  for (int i = 0; i < tries; ++i) {
    const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      const int on = 1;
      ::setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return handle;
    }
    ::close(handle);
    ::usleep(10'000);
  }
  throw std::runtime_error("the server does not listen");
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

void measure(const bench::Options& options, pid_t server) {
  const auto connections = static_cast<std::size_t>(options.number("--connections", 64, 1, 10'000));
  const auto rounds = options.number("--rounds", 500, 1, 1'000'000);
  std::string message(static_cast<std::size_t>(options.number("--size", 64, 1, 16 * 1024)), 'x');
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  std::vector<SSL*> all{connect(context, options.port())};
  ask(all, message);
  const std::uint64_t alone = bench::read_server_stats(server).resident_bytes;
  while (all.size() < connections) all.push_back(connect(context, options.port()));
  ask(all, message);
  ::usleep(100'000);
  const bench::ServerStats before = bench::read_server_stats(server);
  for (long long round = 0; round < rounds; ++round) ask(all, message);
  const bench::ServerStats after = bench::read_server_stats(server);
  const double requests = static_cast<double>(rounds) * static_cast<double>(connections);
  std::printf("%-9s %5zu connections %6zu B  %8.2f us of server CPU per request",
              options.text("--form", "").c_str(), connections, message.size(),
              static_cast<double>(after.cpu_ns - before.cpu_ns) / requests / 1000);
  if (connections > 1) {
    std::printf("  %8.0f B per idle connection",
                static_cast<double>(before.resident_bytes - alone) / static_cast<double>(connections - 1));
  }
  std::putchar('\n');
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--form", "--port", "--connections", "--size", "--rounds"});
  const std::string form = options.text("--form", "twinwire");
  if (form != "twinwire" && form != "asio") options.fail("no such form:", form);
  const pid_t server = ::fork();
  if (server == 0) {
    form == "asio" ? serve_asio(options.port()) : serve_twinwire(options.port());
    return 0;
  }
  int status = 0;
  try {
    measure(options, server);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tls_echo: %s\n", error.what());
    status = 1;
  }
  ::kill(server, SIGTERM);
  ::waitpid(server, nullptr, 0);
  return status;
} catch (const std::exception& error) {
  std::fprintf(stderr, "tls_echo: %s\n", error.what());
  return 1;
}
