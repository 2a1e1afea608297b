// differential: the same programs on real sockets and under simulation, compared.
#include "child.hpp"
#include "generator.hpp"
#include "player.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>

#include <CLI/CLI.hpp>
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
  std::vector<Kind> kinds = all_kinds();
  std::string program;
  int patience_ms = 300;
  /// One of the planted defects, or "all".
  std::string plant;
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

/// Makes the two grounds, and makes them again when a difference may have left something behind.
struct Grounds {
  Grounds(const Options& options, Plant in_simulated, Plant in_real)
      : patience(std::chrono::milliseconds(options.patience_ms)), plants{in_simulated, in_real} {
    renew();
  }
  void renew() {
    simulated = simulated_ground(plants[0]);
    real = real_ground(patience, plants[1]);
  }

  Duration patience;
  std::array<Plant, 2> plants;
  std::unique_ptr<Ground> simulated;
  std::unique_ptr<Ground> real;
};

int check_program(const Options& options) {
  const Grounds grounds(options, Plant::none, Plant::none);
  const std::string text = difference(parse_program(options.program), *grounds.simulated, *grounds.real);
  std::cout << (text.empty() ? "no difference\n" : text);
  return text.empty() ? exit_ok : exit_failed;
}

rc::detail::TestResult check_programs(const Options& options, Kind kind, Grounds& grounds) {
  rc::detail::TestParams params;
  params.seed = options.seed;
  params.maxSuccess = options.programs;
  const std::string name = "differential " + std::string(name_of(kind));
  Progress progress(kind);
  return rc::detail::checkTestable(
      [&] {
        const Program program = *programs(kind);
        const std::string text = difference(program, *grounds.simulated, *grounds.real);
        if (text.empty()) return;
        grounds.renew();
        RC_FAIL(text);
      },
      rc::detail::TestMetadata{name, name}, params, progress,
      std::unordered_map<std::string, rc::detail::Reproduce>());
}

void print_failure(const rc::detail::FailureResult& failure) {
  for (const auto& [type, value] : failure.counterExample) std::cout << "  " << value << "\n";
  std::cout << failure.description << std::endl;
}

bool check_kind(const Options& options, Kind kind) {
  Grounds grounds(options, Plant::none, Plant::none);
  const rc::detail::TestResult result = check_programs(options, kind, grounds);
  if (result.is<rc::detail::SuccessResult>()) {
    std::cout << name_of(kind) << ": " << options.programs << " programs, no difference" << std::endl;
    return true;
  }
  if (result.is<rc::detail::FailureResult>()) {
    const auto& failure = result.get<rc::detail::FailureResult>();
    std::cout << name_of(kind) << ": a difference, after " << failure.numSuccess << " programs without\n";
    print_failure(failure);
  } else {
    rc::detail::printResultMessage(result, std::cout);
  }
  return false;
}

/// Whether the defect is found, in the one and in the other wire.
bool check_plant(const Options& options, const PlantInfo& info) {
  bool found = true;
  for (const bool in_real : {false, true}) {
    Grounds grounds(options, in_real ? Plant::none : info.plant, in_real ? info.plant : Plant::none);
    const rc::detail::TestResult result = check_programs(options, info.kind, grounds);
    std::cout << info.name << (in_real ? " in the real wire: " : " in the simulated wire: ");
    if (result.is<rc::detail::FailureResult>()) {
      const auto& failure = result.get<rc::detail::FailureResult>();
      std::cout << "found after " << failure.numSuccess << " programs without a difference\n";
      print_failure(failure);
    } else {
      found = false;
      std::cout << "NOT FOUND in " << options.programs << " programs" << std::endl;
    }
  }
  return found;
}

int check_plants(const Options& options) {
  bool known = false;
  bool found = true;
  for (const PlantInfo& info : all_plants()) {
    if (options.plant != "all" && options.plant != info.name) continue;
    known = true;
    found &= check_plant(options, info);
  }
  if (!known) throw std::invalid_argument("unknown defect \"" + options.plant + "\": --list-plants");
  return found ? exit_ok : exit_failed;
}

int run(const Options& options) {
  if (!options.program.empty()) return check_program(options);
  if (!options.plant.empty()) return check_plants(options);
  bool good = true;
  for (const Kind kind : options.kinds) good &= check_kind(options, kind);
  return good ? exit_ok : exit_failed;
}

}  // namespace
}  // namespace twinwire::differential

int main(int argc, char** argv) {
  using namespace twinwire::differential;
  if (argc == 3 && std::string_view(argv[1]) == child_option) run_real_child(argv[2]);
  Options options;
  std::vector<std::string> kinds;
  CLI::App app(
      "Runs the same programs on real sockets and under simulation, and compares what their protocols saw.");
  app.add_option("--programs", options.programs, "how many programs of each kind")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "other programs");
  app.add_option("--kind", kinds, "tcp, tls, unix, pipe, udp, subprocess: these alone");
  app.add_option("--program", options.program, "this one, as it was printed");
  app.add_option("--patience-ms", options.patience_ms, "what has not happened by then never does");
  bool list_plants = false;
  app.add_option("--plant", options.plant, "a planted defect, or \"all\": fails unless it is found");
  app.add_flag("--list-plants", list_plants, "the planted defects");
  try {
    app.parse(argc, argv);
    if (!kinds.empty()) options.kinds.clear();
    for (const std::string& kind : kinds) options.kinds.push_back(kind_named(kind));
    if (!list_plants) return run(options);
    for (const PlantInfo& info : all_plants()) std::cout << info.name << ": " << info.what << "\n";
    return exit_ok;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_misuse;
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << "\n";
    return exit_misuse;
  }
}
