// resp-client: one command, or commands from standard input, to any server that speaks RESP2.
#include "client.hpp"
#include "format.hpp"
#include "inline_arguments.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/real/event_loop.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

/// Commands from standard input that travel together at most.
constexpr std::size_t batch_max = 512;

/// Sends commands and prints what comes back.
class Session {
 public:
  explicit Session(const resp::ClientOptions& options)
      : loop_(twinwire::real::new_event_loop()),
        client_(*loop_, options),
        raw_(::isatty(STDOUT_FILENO) == 0) {}

  /// False once something went wrong, and was told.
  bool run(std::vector<std::vector<std::string>> commands) {
    if (commands.empty()) return ok_;
    for (auto& command : commands) {
      const std::string name = command.front();
      client_.request(std::move(command), false,
                      [this, name](const resp::Answer& answer) { print(name, answer); });
    }
    loop_->run_forever();
    return ok_;
  }

  /// The server answered something with an error.
  bool refused() const noexcept { return refused_; }

 private:
  void print(const std::string& name, const resp::Answer& answer) {
    if (answer.fate == resp::Answer::Fate::replied) {
      const std::string text = raw_ ? format_reply_raw(answer.reply) : format_reply(answer.reply);
      std::fwrite(text.data(), 1, text.size(), stdout);
      if (answer.reply.kind == resp::Reply::Kind::error) refused_ = true;
    } else if (ok_) {
      ok_ = false;
      std::fflush(stdout);
      const char* sent =
          answer.fate == resp::Answer::Fate::not_sent ? "was not sent" : "was sent, but not answered";
      std::fprintf(stderr, "resp-client: %s %s: %s\n", name.c_str(), sent, answer.reason.c_str());
    }
    if (client_.pending() != 0) return;
    std::fflush(stdout);
    loop_->stop();
  }

  std::unique_ptr<twinwire::Loop> loop_;
  resp::Client client_;
  bool raw_;
  bool ok_ = true;
  bool refused_ = false;
};

int run_standard_input(Session& session) {
  std::ios::sync_with_stdio(false);
  const bool interactive = ::isatty(STDIN_FILENO) != 0;
  bool more = true;
  while (more) {
    if (interactive) std::cout << "> " << std::flush;
    std::vector<std::vector<std::string>> commands;
    std::string line;
    // Waits for one line, then takes those that are there already.
    do {
      more = static_cast<bool>(std::getline(std::cin, line));
      if (!more) break;
      auto words = resp::split_inline(line);
      if (!words) {
        std::fprintf(stderr, "resp-client: unbalanced quotes: %s\n", line.c_str());
        return wrong_use;
      }
      if (!words->empty()) commands.push_back(std::move(*words));
    } while (!interactive && commands.size() < batch_max && std::cin.rdbuf()->in_avail() > 0);
    if (!session.run(std::move(commands))) return failed;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sends a command, or those on standard input, and prints the replies.", "resp-client");
  std::string host = "127.0.0.1";
  int port = 6379;
  int timeout_s = 5;
  app.prefix_command();
  app.footer(
      "COMMAND ARGUMENTS... follow the options; without a command, standard input has one on each line.\n"
      "Exit codes: 0 answered, 1 not answered, or with an error, 2 wrong use.");
  app.add_option("--host", host, "Name or address of the server (default 127.0.0.1)");
  app.add_option("--port", port, "TCP port (default 6379)")->check(CLI::Range(1, 65535));
  app.add_option("--timeout", timeout_s, "Seconds to wait for a connection or a reply (default 5)")
      ->check(CLI::Range(1, 86'400));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  try {
    resp::ClientOptions options;
    options.host = host;
    options.port = port;
    options.timeout = std::chrono::seconds(timeout_s);
    options.attempts_max = 1;
    options.tries_max = 1;
    Session session(options);
    const std::vector<std::string> command = app.remaining();
    if (command.empty()) return run_standard_input(session);
    if (command.front().starts_with('-')) {
      std::fprintf(stderr, "resp-client: unknown option %s: see --help\n", command.front().c_str());
      return wrong_use;
    }
    return session.run({command}) && !session.refused() ? EXIT_SUCCESS : failed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "resp-client: %s\n", error.what());
    return failed;
  }
}
