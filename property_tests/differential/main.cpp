// differential: the same programs on real sockets and under simulation, compared.
#include "child.hpp"
#include "search.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

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

/// Of a run that decides whether a difference is believed: so many times the usual one.
constexpr int longer = 10;
/// At least, where the usual one may be short on purpose.
constexpr Duration long_patience = 2s;

Duration patience_of(const Options& options) {
  return std::chrono::milliseconds(options.patience_ms);
}

void print(const Find& find) {
  std::cout << "  " << to_text(find.program) << "\n" << find.difference << std::endl;
}

std::string difference_with_longer_patience(const Options& options, const Program& program) {
  return Grounds(patience_of(options) * longer).difference(program);
}

int check_program(const Options& options) {
  const Program program = parse_program(options.program);
  std::string text = Grounds(patience_of(options)).difference(program);
  if (!text.empty()) text = difference_with_longer_patience(options, program);
  std::cout << (text.empty() ? "no difference\n" : text);
  return text.empty() ? exit_ok : exit_failed;
}

bool check_kind(const Options& options, Kind kind) {
  Grounds grounds(patience_of(options));
  const std::optional<Find> find =
      find_difference({kind, options.programs, options.seed}, grounds, [&](const Program& program) {
        std::string text = difference_with_longer_patience(options, program);
        if (text.empty())
          std::cout << "once only, not with a longer patience: " << to_text(program) << std::endl;
        return text;
      });
  if (!find) {
    std::cout << name_of(kind) << ": " << options.programs << " programs, no difference" << std::endl;
    return true;
  }
  std::cout << name_of(kind) << ": a difference, after " << find->passed << " programs without\n";
  print(*find);
  return false;
}

/// Why the program differs if there is the defect. Nothing if it does so without it, or only for a while.
std::string difference_by_plant(const Options& options, const std::array<Plant, 2>& plants,
                                const Program& program) {
  const Duration patience = std::max(patience_of(options) * longer, long_patience);
  if (!Grounds(patience).difference(program).empty()) return {};
  return Grounds(patience, plants).difference(program);
}

/// Where a defect is planted: in the simulated wires, in the real ones.
struct Where {
  const char* name;
  std::array<bool, 2> planted;
};

/// By a program that is looked for, or by the one that was given.
std::optional<Find> find_plant(const Options& options, Kind kind, const std::array<Plant, 2>& plants) {
  const auto confirm = [&](const Program& program) { return difference_by_plant(options, plants, program); };
  if (options.program.empty()) {
    Grounds grounds(patience_of(options), plants);
    return find_difference({kind, options.programs, options.seed}, grounds, confirm);
  }
  const Program program = parse_program(options.program);
  std::string text = confirm(program);
  if (text.empty()) return std::nullopt;
  return Find{program, std::move(text)};
}

/// Whether the defect is found, in the one and in the other wire; if it breaks the contract, in both, too.
bool check_plant(const Options& options, const PlantInfo& info) {
  std::vector<Where> places{{"simulated wire", {true, false}}, {"real wire", {false, true}}};
  if (info.breaks_contract && options.program.empty()) places.push_back({"wires of both", {true, true}});
  bool found = true;
  for (const Where& where : places) {
    const std::array plants{where.planted[0] ? info.plant : Plant::none,
                            where.planted[1] ? info.plant : Plant::none};
    const std::optional<Find> find = find_plant(options, info.kind, plants);
    std::cout << info.name << " in the " << where.name << ": ";
    if (find) {
      std::cout << "found after " << find->passed << " programs without a difference\n";
      print(*find);
    } else {
      found = false;
      const int programs = options.program.empty() ? options.programs : 1;
      std::cout << "NOT FOUND in " << programs << " programs" << std::endl;
    }
  }
  return found;
}

int check_plants(const Options& options) {
  bool found = true;
  for (const PlantInfo& info : plants_named(options.plant)) found &= check_plant(options, info);
  return found ? exit_ok : exit_failed;
}

int run(const Options& options) {
  if (!options.plant.empty()) return check_plants(options);
  if (!options.program.empty()) return check_program(options);
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
  app.add_option("--program", options.program,
                 "this one, as it was printed; with --plant: whether it finds the defect");
  app.add_option(
      "--patience-ms", options.patience_ms,
      "what has not happened by then does not happen; ten times that before a difference is believed");
  bool list_plants = false;
  app.add_option("--plant", options.plant, "a planted defect, or \"all\": fails unless it is found");
  app.add_flag("--list-plants", list_plants, "the planted defects");
  try {
    app.parse(argc, argv);
    if (!kinds.empty()) {
      if (!options.program.empty())
        throw std::invalid_argument("a program names its kind: no --kind with --program");
      if (!options.plant.empty())
        throw std::invalid_argument("a defect has its kind: no --kind with --plant");
      options.kinds.clear();
    }
    for (const std::string& kind : kinds) options.kinds.push_back(kind_named(kind));
    if (!list_plants) return run(options);
    for (const PlantInfo& info : all_plants()) std::cout << info.name << ": " << info.what << "\n";
    return exit_ok;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_misuse;
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << "\n";
    return exit_misuse;
  } catch (const std::runtime_error& error) {
    std::cerr << error.what() << "\n";
    return exit_failed;
  }
}
