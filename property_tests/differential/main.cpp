// differential: the same programs on real sockets and under simulation, compared.
#include "generator.hpp"
#include "player.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <unordered_map>
#include <unistd.h>

#include <rapidcheck/detail/TestListenerAdapter.h>

namespace twinwire::differential {
namespace {

using namespace std::chrono_literals;

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_misuse = 2;

struct Options {
  int programs = 1000;
  std::uint64_t seed = 1;
  std::vector<Kind> kinds = {Kind::tcp, Kind::unix_socket, Kind::pipe};
  std::string program;
  int patience_ms = 300;
};

/// On a terminal: how many programs have been run.
class Progress final : public rc::detail::TestListenerAdapter {
 public:
  explicit Progress(Kind kind) : kind_(kind), terminal_(::isatty(STDERR_FILENO) != 0) {}
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {
    if (++count_ % 500 == 0 && terminal_) {
      std::fprintf(stderr, "\r%s: %d", std::string(name_of(kind_)).c_str(), count_);
    }
  }

 private:
  Kind kind_;
  bool terminal_;
  int count_ = 0;
};

int check_program(const Options& options) {
  const auto simulated = simulated_ground();
  const auto real = real_ground(std::chrono::milliseconds(options.patience_ms));
  const std::string text = difference(parse_program(options.program), *simulated, *real);
  std::cout << (text.empty() ? "no difference\n" : text);
  return text.empty() ? exit_ok : exit_failed;
}

bool check_kind(const Options& options, Kind kind) {
  rc::detail::TestParams params;
  params.seed = options.seed;
  params.maxSuccess = options.programs;
  const std::string name = "differential " + std::string(name_of(kind));
  auto simulated = simulated_ground();
  auto real = real_ground(std::chrono::milliseconds(options.patience_ms));
  Progress progress(kind);
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [&] {
        const Program program = *programs(kind);
        const std::string text = difference(program, *simulated, *real);
        if (text.empty()) return;
        // What is left of it must not be taken for a difference of the next program.
        real = real_ground(std::chrono::milliseconds(options.patience_ms));
        RC_FAIL(text);
      },
      rc::detail::TestMetadata{name, name}, params, progress, std::unordered_map<std::string, rc::detail::Reproduce>());
  if (result.is<rc::detail::SuccessResult>()) {
    std::cout << name_of(kind) << ": " << options.programs << " programs, no difference\n";
    return true;
  }
  if (result.is<rc::detail::FailureResult>()) {
    const auto& failure = result.get<rc::detail::FailureResult>();
    std::cout << name_of(kind) << ": a difference, after " << failure.numSuccess << " programs without\n";
    for (const auto& [type, value] : failure.counterExample) std::cout << "  " << value << "\n";
    std::cout << failure.description << std::endl;
  } else {
    rc::detail::printResultMessage(result, std::cout);
  }
  return false;
}

int run(const Options& options) {
  if (!options.program.empty()) return check_program(options);
  bool good = true;
  for (const Kind kind : options.kinds) good &= check_kind(options, kind);
  return good ? exit_ok : exit_failed;
}

}  // namespace
}  // namespace twinwire::differential

int main(int argc, char** argv) {
  using namespace twinwire::differential;
  Options options;
  std::vector<std::string> kinds;
  CLI::App app("Runs the same programs on real sockets and under simulation, and compares what their protocols saw.");
  app.add_option("--programs", options.programs, "how many programs of each kind")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "other programs");
  app.add_option("--kind", kinds, "tcp, unix, pipe, udp, subprocess: these alone");
  app.add_option("--program", options.program, "this one, as it was printed");
  app.add_option("--patience-ms", options.patience_ms, "what has not happened by then never does");
  try {
    app.parse(argc, argv);
    if (!kinds.empty()) options.kinds.clear();
    for (const std::string& kind : kinds) options.kinds.push_back(kind_named(kind));
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_misuse;
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << "\n";
    return exit_misuse;
  }
}
