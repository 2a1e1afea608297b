// resp-explore: the scenario under simulation. `resp-explore --help` tells what it can do.
#include "integer.hpp"
#include "mistakes.hpp"
#include "scenario.hpp"

#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/scenario.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace traces = twinwire::traces;

constexpr int wrong_use = 2;
constexpr const char* more_help =
    "resp-explore density [SEEDS]: how many of the seeds 1..SEEDS (default 10000) find each mistake.\n";

resp::ScenarioOptions options_from(const traces::Arguments& arguments) {
  resp::ScenarioOptions options;
  options.mistakes = resp::only_mistake(arguments.get("mistake")).value_or(resp::Mistakes{});
  options.clients = std::stoi(arguments.get("clients"));
  return options;
}

traces::Scenario resp_scenario() {
  traces::Scenario scenario;
  scenario.name = "resp";
  scenario.description = "clients and a server that speak Redis's protocol, on a slightly rough network";
  scenario.options = resp::scenario_world();
  traces::ArgumentSpec mistake{"mistake", "a well-known mistake to switch back in", "none", {"none"}};
  for (const resp::NamedMistake& known : resp::all_mistakes) mistake.choices.emplace_back(known.name);
  scenario.arguments = {mistake, {"clients", "how many clients", "2", {"1", "2", "3", "4", "8", "16"}}};
  scenario.body = [](twinwire::sim::World& world, const traces::Arguments& arguments) {
    resp::run_scenario(world, options_from(arguments));
  };
  return scenario;
}

/// A line for each mistake, and one for the correct code.
int print_density(std::uint64_t seeds) {
  const traces::Scenario scenario = resp_scenario();
  traces::ExploreOptions options;
  options.last_seed = seeds;
  options.shrink = false;
  std::printf("failing seeds among %llu\n", static_cast<unsigned long long>(seeds));
  const auto print = [&](std::string_view name, std::string_view sentence) {
    traces::Arguments arguments = scenario.defaults();
    arguments.set("mistake", std::string(name));
    const traces::ExploreResult result = traces::explore(options, scenario, arguments);
    // Failures are counted before any is confirmed: with all seeds done the number is whole.
    const bool whole = result.done == seeds;
    std::printf("%8llu  %-20.*s %.*s\n", static_cast<unsigned long long>(result.failed),
                static_cast<int>(name.size()), name.data(), static_cast<int>(sentence.size()),
                sentence.data());
    if (!whole)
      std::printf("          (interrupted: of %llu seeds only)\n",
                  static_cast<unsigned long long>(result.done));
    std::fflush(stdout);
    return !result.interrupted;
  };
  if (!print("none", "the correct code")) return EXIT_FAILURE;
  for (const resp::NamedMistake& mistake : resp::all_mistakes) {
    if (!print(mistake.name, mistake.sentence)) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "density")
    return traces::scenario_main(argc, argv, {resp_scenario()}, more_help);
  const auto seeds = resp::parse_integer(argc > 2 ? argv[2] : "10000");
  if (argc > 3 || !seeds || *seeds < 1) {
    std::fprintf(stderr, "resp-explore: density takes a number of seeds, 10000 if there is none\n");
    return wrong_use;
  }
  return print_density(static_cast<std::uint64_t>(*seeds));
}
