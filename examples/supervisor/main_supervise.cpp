// supervise: runs the children of a configuration, on the real system.
#include "settings.hpp"
#include "supervisor.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/real/event_loop.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

std::vector<supervisor::ChildSettings> read_settings(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(path + ": cannot be read");
  try {
    return supervisor::parse_settings(text);
  } catch (const std::invalid_argument& mistake) {
    throw std::runtime_error(path + ": " + mistake.what());
  }
}

int supervise(const std::string& path) {
  // A reader of our output that goes away must not end us, and leave the children behind.
  std::signal(SIGPIPE, SIG_IGN);
  const auto loop = twinwire::real::new_event_loop();
  bool output_lost = false;
  supervisor::Supervisor all(
      *loop, read_settings(path),
      [&](const std::string& line) {
        if (output_lost) return;
        output_lost = std::fprintf(stdout, "%s\n", line.c_str()) < 0 || std::fflush(stdout) != 0;
        if (output_lost) loop->call_soon([&] { all.stop(); });
      },
      [&] { loop->stop(); });
  for (const int signal : {SIGINT, SIGTERM}) loop->add_signal_handler(signal, [&] { all.stop(); });
  all.start();
  loop->run_forever();
  return all.failed() || output_lost ? failed : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs children, and starts them again when they end.", "supervise");
  std::string path;
  app.add_option("CONFIGURATION", path, "The file that names the children: see README.md")->required();
  app.footer(
      "SIGINT and SIGTERM stop the children, the last one first; a second one kills them.\n"
      "Exit codes: 0 stopped, or all children ended well; 1 a child was given up, or something failed;\n"
      "2 wrong use.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    return supervise(path);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "supervise: %s\n", error.what());
    return failed;
  }
}
