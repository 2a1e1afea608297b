// dns-server: answers for one zone, on real sockets.
#include "server.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/graceful_stop.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

struct Arguments {
  std::string zone;
  std::string bind = "127.0.0.1";
  int port = 5300;
};

dns::Zone read_zone(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(path + ": cannot be read");
  try {
    return dns::Zone::parse(text);
  } catch (const std::invalid_argument& mistake) {
    throw std::runtime_error(path + ": " + mistake.what());
  }
}

void serve(const Arguments& arguments) {
  const auto responder = std::make_shared<const dns::Responder>(read_zone(arguments.zone));
  const auto loop = twinwire::real::new_event_loop();
  const twinwire::Server server =
      run_until_complete(*loop, dns::serve(*loop, responder, arguments.bind, arguments.port));
  twinwire::real::GracefulStop stop(*loop);
  stop.on_signal(SIGINT);
  stop.on_signal(SIGTERM);
  stop.add(server);
  std::printf("dns-server: %s on %s\n", responder->zone().origin().to_string().c_str(),
              server.sockets().front().sockname.to_string().c_str());
  std::fflush(stdout);
  loop->run_forever();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Answers questions about one zone, over UDP and TCP.", "dns-server");
  Arguments arguments;
  app.add_option("--zone", arguments.zone, "The zone file")->required();
  app.add_option("--bind", arguments.bind, "Address to listen on (default 127.0.0.1)");
  app.add_option("--port", arguments.port, "UDP and TCP port, 0 for a free one (default 5300)")
      ->check(CLI::Range(0, 65535));
  app.footer("Exit codes: 0 ended by SIGINT or SIGTERM, 1 something failed, 2 wrong use.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    serve(arguments);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dns-server: %s\n", error.what());
    return failed;
  }
}
