// resp-server: a small Redis on real sockets.
#include "server.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/graceful_stop.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

struct Arguments {
  std::string bind = "127.0.0.1";
  int port = 6379;
  std::int64_t clients_max = 10'000;
};

int serve(const Arguments& arguments) {
  const auto loop = twinwire::real::new_event_loop();
  twinwire::real::GracefulStop stop(*loop);
  stop.on_signal(SIGINT);
  stop.on_signal(SIGTERM);
  resp::ServerOptions options;
  options.clients_max = arguments.clients_max;
  const auto server = resp::Server::create(*loop, options);
  int status = EXIT_SUCCESS;
  loop->create_server(server->factory(), twinwire::ServerOptions(arguments.bind, arguments.port),
                      [&](const std::exception_ptr& failure, const twinwire::Server& listening) {
                        if (failure) {
                          std::fprintf(stderr, "resp-server: %s\n", twinwire::message_of(failure).c_str());
                          status = failed;
                          loop->stop();
                          return;
                        }
                        stop.add(listening);
                        const std::string address = listening.sockets().front().sockname.to_string();
                        std::printf("resp-server: listening on %s\n", address.c_str());
                        std::fflush(stdout);
                      });
  loop->run_forever();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A small Redis: keys with values, counters and expiry, over RESP2.", "resp-server");
  Arguments arguments;
  app.add_option("--port", arguments.port, "TCP port; 0 picks a free one (default 6379)")
      ->check(CLI::Range(0, 65535));
  app.add_option("--bind", arguments.bind, "Address or name to listen on (default 127.0.0.1)");
  app.add_option("--maxclients", arguments.clients_max, "Connections at once (default 10000)")
      ->check(CLI::Range(1, 1'000'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    return serve(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "resp-server: %s\n", error.what());
    return failed;
  }
}
