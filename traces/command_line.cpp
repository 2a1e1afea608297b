// scenario_main: the command line of every program of scenarios.
#include <twinwire/traces/child.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/log.hpp>
#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/report.hpp>
#include <twinwire/traces/scenario.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <climits>
#include <fmt/format.h>

namespace twinwire::traces {
namespace {

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_misuse = 2;

/// What was asked for.
struct Request {
  std::string scenario;
  std::map<std::string, std::string> arguments;
  std::optional<std::uint64_t> seed;
  std::string seeds;
  ExploreOptions explore;
  std::string replay;
  double timeout_s = 30;
  bool list = false;
  bool json = false;
  bool log = false;
  bool shrink = false;
  bool no_shrink = false;
  int outcome_fd = -1;
};

class Misuse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string own_path() {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  path.resize(static_cast<std::size_t>(size));
  return path;
}

void declare(CLI::App& app, Request& request, const std::vector<Scenario>& scenarios) {
  app.description("Runs scenarios in a simulated world, over many seeds, and finds those that fail.");
  app.footer("Exit codes: 0 nothing failed, 1 something failed, 2 wrong use.");
  app.add_option("scenario", request.scenario, "Which scenario to run (see --list)");
  app.add_option("--seed", request.seed, "Run this one seed")->check(CLI::NonNegativeNumber);
  app.add_option("--seeds", request.seeds, "Run the seeds A..B, both included (default 1..1000)")
      ->type_name("A..B");
  app.add_option("--jobs", request.explore.jobs, "Worker processes (default: one for each core)");
  app.add_flag("--isolate", request.explore.isolate, "A process for each seed");
  app.add_flag("--stop-at-first", request.explore.stop_at_first_failure,
               "Begin no seed after one that failed");
  app.add_option("--timeout", request.timeout_s, "Wall-clock seconds after which a seed hangs (default 30)")
      ->check(CLI::PositiveNumber);
  app.add_option("--replay", request.replay, "Run a repro file again")->type_name("FILE");
  app.add_flag("--shrink", request.shrink, "Shrink failures: also the one of --seed (sweeps do so anyway)");
  app.add_flag("--no-shrink", request.no_shrink, "Do not shrink failures");
  app.add_option("--repros", request.explore.repro_directory, "Where repro files are written (default: here)")
      ->type_name("DIR");
  app.add_flag("--list", request.list, "List the scenarios and their arguments");
  app.add_flag("--json", request.json, "Report as JSON, an object a line");
  app.add_flag("--log", request.log, "Print all that happens, with --seed or --replay");
  app.add_option("--outcome-fd", request.outcome_fd)->group("");  // for our own fresh processes
  for (const Scenario& scenario : scenarios) {
    for (const ArgumentSpec& spec : scenario.arguments) {
      if (app.get_option_no_throw("--" + spec.name)) continue;
      app.add_option_function<std::string>(
          "--" + spec.name,
          [&request, name = spec.name](const std::string& value) { request.arguments[name] = value; },
          spec.description + (spec.default_value.empty() ? "" : " (default " + spec.default_value + ")"));
    }
  }
}

void list_scenarios(const std::vector<Scenario>& scenarios) {
  for (const Scenario& scenario : scenarios) {
    std::fputs(fmt::format("{}\n  {}\n", scenario.name, scenario.description).c_str(), stdout);
    for (const ArgumentSpec& spec : scenario.arguments) {
      std::string values;
      for (const std::string& value : spec.choices) values += (values.empty() ? "" : ", ") + value;
      std::fputs(fmt::format("  --{} VALUE  {}{}\n", spec.name, spec.description,
                             values.empty() ? "" : " (one of: " + values + ")")
                     .c_str(),
                 stdout);
    }
  }
}

const Scenario& find_scenario(const std::string& name, const std::vector<Scenario>& scenarios) {
  if (name.empty() && scenarios.size() == 1) return scenarios.front();
  if (name.empty()) throw Misuse("name a scenario: --list shows them");
  const auto found = std::ranges::find(scenarios, name, &Scenario::name);
  if (found == scenarios.end())
    throw Misuse(fmt::format("unknown scenario \"{}\": --list shows those there are", name));
  return *found;
}

Arguments arguments_for(const Scenario& scenario, const std::map<std::string, std::string>& given) {
  Arguments arguments = scenario.defaults();
  for (const auto& [name, value] : given) {
    const auto spec = std::ranges::find(scenario.arguments, name, &ArgumentSpec::name);
    if (spec == scenario.arguments.end()) {
      throw Misuse(fmt::format("the scenario \"{}\" takes no argument --{}", scenario.name, name));
    }
    if (!spec->choices.empty() && std::ranges::find(spec->choices, value) == spec->choices.end()) {
      std::string values;
      for (const std::string& choice : spec->choices) values += (values.empty() ? "" : ", ") + choice;
      throw Misuse(fmt::format("--{} \"{}\": expected one of {}", name, value, values));
    }
    arguments.set(name, value);
  }
  return arguments;
}

void parse_range(const std::string& text, ExploreOptions& options) {
  const std::size_t dots = text.find("..");
  try {
    if (dots == std::string::npos) throw std::invalid_argument("no \"..\" in it");
    options.first_seed = parse_number(std::string_view(text).substr(0, dots));
    options.last_seed = parse_number(std::string_view(text).substr(dots + 2));
  } catch (const std::invalid_argument& error) {
    throw Misuse(fmt::format("--seeds \"{}\": expected A..B ({})", text, error.what()));
  }
  if (options.first_seed > options.last_seed)
    throw Misuse(fmt::format("--seeds {}: the range is empty", text));
}

std::vector<std::string> own_command(const Scenario& scenario, const Arguments& arguments) {
  std::vector<std::string> words{own_path(), scenario.name};
  for (const auto& [name, value] : arguments.all()) {
    words.push_back("--" + name);
    words.push_back(value);
  }
  return words;
}

int run_one(const Request& request, const Scenario& scenario, const Arguments& arguments) {
  LogObserver log(stdout);
  Observer* observer = request.log ? &log : nullptr;
  const RunRequest run{*request.seed, Base::seed, {}, false};
  if (request.outcome_fd >= 0) {
    report_fatal_signals(request.outcome_fd);
    write_outcome(request.outcome_fd, run_scenario(scenario, arguments, run));
    return exit_ok;
  }
  std::fputs(fmt::format("seed {}\n", *request.seed).c_str(), stdout);
  std::fflush(stdout);
  const RunOutcome outcome = run_scenario(scenario, arguments, run, observer);
  std::fputs(describe_outcome(outcome).c_str(), stdout);
  return outcome.failed ? exit_failed : exit_ok;
}

int run_sweep(Request& request, const Scenario& scenario, const Arguments& arguments, const char* program) {
  ExploreOptions& options = request.explore;
  if (request.seed) {
    options.first_seed = options.last_seed = *request.seed;
  } else if (!request.seeds.empty()) {
    parse_range(request.seeds, options);
  }
  options.shrink = !request.no_shrink;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(request.timeout_s * 1000));
  if (options.repro_directory.empty()) options.repro_directory = ".";
  if (!std::filesystem::is_directory(options.repro_directory)) {
    throw Misuse("--repros " + options.repro_directory.string() + ": there is no such directory");
  }
  options.fresh_process = own_command(scenario, arguments);
  for (const char* word : {"--seed", "{seed}", "--outcome-fd", "{fd}"})
    options.fresh_process.emplace_back(word);
  if (request.json) {
    JsonReport report;
    const ExploreResult result = explore(options, scenario, arguments, &report);
    report.summary(result);
    return result.failed != 0 || result.interrupted ? exit_failed : exit_ok;
  }
  std::vector<std::string> command = own_command(scenario, arguments);
  command[0] = program;
  TextReport report(options.shrink ? program : join_words(command), options.isolate);
  const ExploreResult result = explore(options, scenario, arguments, &report);
  report.summary(options, result);
  return result.failed != 0 || result.interrupted ? exit_failed : exit_ok;
}

int dispatch(Request& request, const std::vector<Scenario>& scenarios, const char* program) {
  if (request.list) {
    list_scenarios(scenarios);
    return exit_ok;
  }
  if (request.seed && !request.seeds.empty()) throw Misuse("--seed and --seeds exclude each other");
  if (!request.replay.empty()) {
    if (request.seed || !request.seeds.empty())
      throw Misuse("--replay takes its decisions from the file: no seeds");
    const Repro repro = read_repro(request.replay);
    if (!request.scenario.empty() && request.scenario != repro.scenario) {
      throw Misuse(fmt::format("{} is a repro of \"{}\", not of \"{}\"", request.replay, repro.scenario,
                               request.scenario));
    }
    LogObserver log(stdout);
    return replay(repro, scenarios, request.log ? &log : nullptr) ? exit_failed : exit_ok;
  }
  const Scenario& scenario = find_scenario(request.scenario, scenarios);
  const Arguments arguments = arguments_for(scenario, request.arguments);
  if (request.seed && !request.shrink && !request.json) return run_one(request, scenario, arguments);
  if (request.log) throw Misuse("--log goes with --seed or --replay");
  return run_sweep(request, scenario, arguments, program);
}

}  // namespace

int scenario_main(int argc, char** argv, const std::vector<Scenario>& scenarios) {
  CLI::App app;
  Request request;
  declare(app, request, scenarios);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_misuse;
  }
  try {
    return dispatch(request, scenarios, argv[0]);
  } catch (const Misuse& error) {
    std::fputs(fmt::format("{}: {}\n", argv[0], error.what()).c_str(), stderr);
  } catch (const ReproError& error) {
    std::fputs(fmt::format("{}: {}\n", argv[0], error.what()).c_str(), stderr);
  } catch (const std::exception& error) {
    std::fputs(fmt::format("{}: {}\n", argv[0], error.what()).c_str(), stderr);
    return exit_failed;
  }
  return exit_misuse;
}

}  // namespace twinwire::traces
