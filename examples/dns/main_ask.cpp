// dns-ask: asks a name server one question, on real sockets.
#include "record_data.hpp"
#include "stub.hpp"

#include <twinwire/net/address.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;

/// Prints the records of the answer, or says why there are none.
bool print(const dns::Message& answer) {
  for (const dns::Record& record : answer.answers) std::puts(to_string(record).c_str());
  if (answer.rcode == dns::Rcode::no_error && !answer.answers.empty()) return true;
  const bool none = answer.rcode == dns::Rcode::no_error;
  std::fprintf(stderr, "dns-ask: %s\n", none ? "no such record" : to_string(answer.rcode).c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Asks a name server, and prints the records that it answers.", "dns-ask");
  dns::StubOptions options;
  std::string name;
  std::string type = "A";
  int timeout_ms = 1000;
  app.add_option("--server", options.server, "Its numeric address (default 127.0.0.1)");
  app.add_option("--port", options.port, "Its port (default 53)")->check(CLI::Range(1, 65535));
  app.add_option("--timeout", timeout_ms, "Milliseconds that the first try waits (default 1000)")
      ->check(CLI::Range(1, 60'000));
  app.add_option("--tries", options.tries, "How often to ask (default 4)")->check(CLI::Range(1, 10));
  app.add_option("NAME", name, "The name to ask for")->required();
  app.add_option("TYPE", type, "A (the default), AAAA, TXT, MX, ...");
  app.footer("Exit codes: 0 there is an answer, 1 there is none, 2 wrong use.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : wrong_use;
  }
  const std::optional<dns::Name> asked = dns::Name::parse(name);
  const std::optional<dns::Type> known = dns::type_of(type);
  const bool numeric = twinwire::Address::parse(options.server, options.port).has_value();
  if (!asked || !known || !numeric) {
    const char* problem = !asked ? "no domain name" : !known ? "no type that is known" : "no numeric address";
    const std::string& word = !asked ? name : !known ? type : options.server;
    std::fprintf(stderr, "dns-ask: \"%s\" is %s\n", word.c_str(), problem);
    return wrong_use;
  }
  try {
    options.timeout = std::chrono::milliseconds(timeout_ms);
    const auto loop = twinwire::real::new_event_loop();
    dns::Stub stub(*loop, options);
    return print(run_until_complete(*loop, stub.ask(*asked, *known))) ? EXIT_SUCCESS : failed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dns-ask: %s\n", error.what());
    return failed;
  }
}
