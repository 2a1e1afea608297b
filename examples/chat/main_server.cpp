// chat-server: one room, for clients over TLS and over a Unix socket.
#include "room.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/tls/context.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/graceful_stop.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <host_and_port.hpp>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

struct Arguments {
  std::string tls;
  std::string certificate;
  std::string key;
  std::string path;
};

int serve(const Arguments& arguments) {
  const auto loop = twinwire::real::new_event_loop();
  const auto room = chat::Room::create(*loop);
  twinwire::real::GracefulStop stop(*loop);
  for (const int signal : {SIGINT, SIGTERM}) {
    loop->add_signal_handler(signal, [&] {
      room->end("the server ends");
      stop.stop();
    });
  }
  int status = EXIT_SUCCESS;
  const auto listening = [&](const std::exception_ptr& failure, const twinwire::Server& server) {
    if (failure) {
      std::fprintf(stderr, "chat-server: %s\n", twinwire::message_of(failure).c_str());
      status = failed;
      return loop->stop();
    }
    stop.add(server);
    for (const auto& socket : server.sockets())
      std::printf("chat-server: listening on %s\n", socket.sockname.to_string().c_str());
    std::fflush(stdout);
  };
  if (!arguments.tls.empty()) {
    twinwire::TlsServerOptions identity;
    identity.certificate_chain = twinwire::read_pem(arguments.certificate);
    identity.private_key = twinwire::read_pem(arguments.key);
    twinwire::ServerOptions options = examples::listen_on(arguments.tls);
    options.tls = twinwire::tls_server(identity);
    options.tls_handshake_timeout = std::chrono::seconds(10);
    options.tls_shutdown_timeout = std::chrono::seconds(5);
    loop->create_server(room->factory(), options, listening);
  }
  if (!arguments.path.empty())
    loop->create_unix_server(room->factory(), twinwire::UnixServerOptions(arguments.path), listening);
  loop->run_forever();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A room to talk in, line by line: over TLS, over a Unix socket, or both.", "chat-server");
  Arguments arguments;
  auto* const tls = app.add_option("--tls", arguments.tls, "HOST:PORT to listen on; port 0 picks a free one");
  auto* const certificate = app.add_option("--certificate", arguments.certificate,
                                           "PEM file: the server's certificate, then those of its issuers");
  auto* const key = app.add_option("--key", arguments.key, "PEM file: the key of that certificate");
  app.add_option("--unix", arguments.path, "Path of a Unix socket to listen on");
  tls->needs(certificate)->needs(key);
  certificate->needs(tls);
  key->needs(tls);
  app.footer("Exit codes: 0 ended by SIGINT or SIGTERM, 1 failed, 2 wrong use.");
  try {
    app.parse(argc, argv);
    if (arguments.tls.empty() && arguments.path.empty())
      throw CLI::RequiredError("--tls or --unix, or both,");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    return serve(arguments);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "chat-server: %s\n", error.what());
    return wrong_use;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chat-server: %s\n", error.what());
    return failed;
  }
}
