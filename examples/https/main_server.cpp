// https-server: a folder, for browsers and others.
#include "server.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/net/tls/context.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/graceful_stop.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <host_and_port.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

struct Arguments {
  std::string listen = "127.0.0.1:8443";
  std::string certificate;
  std::string key;
  std::string folder;
};

void run(const Arguments& arguments) {
  twinwire::ServerOptions where = examples::listen_on(arguments.listen);
  const auto site = std::make_shared<const https::Site>(https::read_folder(arguments.folder));
  twinwire::TlsServerOptions identity;
  identity.certificate_chain = twinwire::read_pem(arguments.certificate);
  identity.private_key = twinwire::read_pem(arguments.key);
  identity.alpn = {"http/1.1", "http/1.0"};
  where.tls = twinwire::tls_server(identity);
  where.tls_handshake_timeout = std::chrono::seconds(10);
  where.tls_shutdown_timeout = std::chrono::seconds(5);

  const auto loop = twinwire::real::new_event_loop();
  twinwire::real::GracefulStop stop(*loop);
  stop.on_signal(SIGINT);
  stop.on_signal(SIGTERM);
  twinwire::socket_acceptor acceptor(*loop);
  std::exception_ptr failure;
  acceptor.async_listen(where, [&](twinwire::error_code error) {
    if (error.failed()) {
      failure = twinwire::operation_failure(error, "listen on " + arguments.listen);
      return loop->stop();
    }
    stop.add(acceptor.server());
    for (const auto& socket : acceptor.server().sockets())
      std::printf("https-server: listening on %s\n", socket.sockname.to_string().c_str());
    std::fflush(stdout);
    spawn(*loop, https::serve(acceptor, site), "serve");
  });
  loop->run_forever();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Serves the files of a folder over HTTPS.", "https-server");
  Arguments arguments;
  app.add_option("--listen", arguments.listen, "HOST:PORT; port 0 picks a free one (default 127.0.0.1:8443)");
  app.add_option("--certificate", arguments.certificate,
                 "PEM file: the server's certificate, then those of its issuers")
      ->required();
  app.add_option("--key", arguments.key, "PEM file: the key of that certificate")->required();
  app.add_option("--folder", arguments.folder, "What is served, as it is when the server starts")->required();
  app.footer("Exit codes: 0 ended by SIGINT or SIGTERM, 1 failed, 2 wrong use.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    run(arguments);
    return EXIT_SUCCESS;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "https-server: %s\n", error.what());
    return wrong_use;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "https-server: %s\n", error.what());
    return failed;
  }
}
