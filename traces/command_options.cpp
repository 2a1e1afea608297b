#include <twinwire/traces/command_options.hpp>
#include <twinwire/traces/text_record.hpp>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace twinwire::traces {
namespace {

constexpr std::uint64_t jobs_max = 1024;
constexpr double timeout_min_s = 0.001;
constexpr double timeout_max_s = 7 * 24 * 3600;

/// As it was typed. Numbers are words here: CLI11 takes 010 for 8, and the largest number for a larger one.
struct Typed {
  std::optional<std::string> seed;
  std::optional<std::string> seeds;
  std::optional<std::string> shard;
  std::optional<std::string> jobs;
  std::optional<std::string> repros;
  double timeout_s = 30;
  bool no_shrink = false;
};

void declare_options(CLI::App& app, CommandOptions& options, Typed& typed) {
  app.add_option("scenario", options.scenario, "Which scenario to run (see --list)");
  app.add_option("--seed", typed.seed, "Run this one seed")->type_name("N");
  app.add_option("--seeds", typed.seeds, "Run the seeds A..B, both included (default 1..1000)")
      ->type_name("A..B");
  app.add_option("--shard", typed.shard,
                 "Run the I-th of N parts of the seeds (default: as Bazel's\n"
                 "TEST_SHARD_INDEX and TEST_TOTAL_SHARDS say)")
      ->type_name("I/N");
  app.add_flag("--twice", options.twice,
               "Run --seed or --calm in two fresh processes, and show where their logs part");
  app.add_flag("--calm", options.calm, "Run once with every decision calm (with --seed: its random bits)");
  app.add_option("--jobs", typed.jobs, "Worker processes, 1 to 1024 (default: one for each core)")
      ->type_name("N");
  app.add_flag("--isolate", options.explore.isolate, "A process for each seed");
  app.add_flag("--stop-at-first", options.explore.stop_at_first_failure,
               "Begin no seed after one that failed");
  app.add_option("--timeout", typed.timeout_s, "Wall-clock seconds after which a seed hangs (default 30)");
  app.add_option("--replay", options.replay, "Run a repro file again, or each of a folder")
      ->type_name("PATH");
  app.add_flag("--shrink", options.shrink, "Shrink failures: also the one of --seed (sweeps do so anyway)");
  app.add_flag("--no-shrink", typed.no_shrink, "Do not shrink failures");
  app.add_option("--repros", typed.repros, "Where repro files are written (default: here)")->type_name("DIR");
  app.add_flag("--list", options.list, "List the scenarios and their arguments");
  app.add_flag("--json", options.json, "Report as JSON, an object a line");
  app.add_flag("--log", options.log, "Print all that happens, with --seed, --calm or --replay");
  app.add_flag("--in-process", options.in_process,
               "Run --seed, --calm or --replay in this process, for a debugger: without --timeout, and a\n"
               "crash is its own; --log does so, too");
  app.add_option("--outcome-fd", options.outcome_fd)->group("");  // for our own fresh processes
}

void declare_arguments(CLI::App& app, CommandOptions& options, const std::vector<Scenario>& scenarios) {
  std::set<std::string> declared;  // scenarios may share arguments
  for (const Scenario& scenario : scenarios) {
    for (const ArgumentSpec& spec : scenario.arguments) {
      if (declared.contains(spec.name)) continue;
      if (app.get_option_no_throw("--" + spec.name)) {
        throw std::logic_error(
            fmt::format("the scenario \"{}\" has an argument \"{}\": --{} is an option of "
                        "every program of scenarios, give it another name",
                        scenario.name, spec.name, spec.name));
      }
      app.add_option_function<std::string>(
          "--" + spec.name,
          [&options, name = spec.name](const std::string& value) { options.arguments[name] = value; },
          spec.description + (spec.default_value.empty() ? "" : " (default " + spec.default_value + ")"));
      declared.insert(spec.name);
    }
  }
}

/// Whether they go together.
void check_combination(const CommandOptions& options, const Typed& typed) {
  const auto exclude = [](bool misused, const std::string& sentence) {
    if (misused) throw Misuse(sentence);
  };
  exclude(typed.seed && typed.seeds, "--seed and --seeds exclude each other");
  exclude(options.shrink && typed.no_shrink, "--shrink and --no-shrink exclude each other");
  exclude(options.log && options.json, "--log and --json exclude each other");
  if (options.replay) {
    exclude(typed.seed || typed.seeds || typed.shard || options.calm,
            "--replay takes its decisions from the file: no seeds");
    exclude(!options.arguments.empty(),
            "--replay takes its arguments from the file: no --" +
                (options.arguments.empty() ? std::string() : options.arguments.begin()->first));
    exclude(options.shrink, "--shrink goes with seeds, not with --replay");
  }
  exclude(typed.shard && (typed.seed || options.calm), "--shard divides the seeds of a sweep: no single run");
  exclude(options.calm && typed.seeds, "--calm is a single run: no --seeds");
  exclude(options.calm && options.shrink, "--calm leaves nothing to shrink");
  for (const auto& [given, name] : {std::pair(typed.jobs.has_value(), "--jobs"),
                                    {options.explore.isolate, "--isolate"},
                                    {options.explore.stop_at_first_failure, "--stop-at-first"},
                                    {typed.repros.has_value(), "--repros"}}) {
    exclude(given && options.single(), fmt::format("{} is for a sweep, and this is a single run", name));
  }
  for (const auto& [given, name] : {std::pair(options.log, "--log"), {options.in_process, "--in-process"}}) {
    exclude(given && options.shrink, fmt::format("{} is for a single run: no --shrink", name));
    exclude(given && !options.single(), fmt::format("{} goes with --seed, --calm or --replay", name));
    exclude(given && options.twice, fmt::format("{} and --twice exclude each other", name));
  }
  exclude(options.twice && (options.replay || !options.single()), "--twice goes with --seed or --calm");
}

std::uint64_t number_of(const char* option, const std::string& text, std::uint64_t low, std::uint64_t high) {
  try {
    const std::uint64_t value = parse_number(text);
    if (value >= low && value <= high) return value;
  } catch (const std::invalid_argument&) {  // NOLINT(bugprone-empty-catch): said below
  }
  throw Misuse(fmt::format("{} \"{}\": expected a number from {} to {}", option, text, low, high));
}

/// Two numbers with something between them.
std::pair<std::uint64_t, std::uint64_t> two_numbers(const char* option, const std::string& text,
                                                    const char* between, const char* form) {
  const std::size_t at = text.find(between);
  try {
    if (at == std::string::npos) throw std::invalid_argument(fmt::format("no \"{}\" in it", between));
    const std::string_view all = text;
    return {parse_number(all.substr(0, at)), parse_number(all.substr(at + std::string_view(between).size()))};
  } catch (const std::invalid_argument& error) {
    throw Misuse(fmt::format("{} \"{}\": expected {} ({})", option, text, form, error.what()));
  }
}

/// Leaves the part with this number, from 0; false if nothing is left.
bool take_part(ExploreOptions& options, std::uint64_t part, std::uint64_t parts) {
  __extension__ using Wide = unsigned __int128;  // as many as all seeds are, times as many parts
  const Wide seeds = Wide{options.last_seed} - options.first_seed + 1;
  const auto begin = static_cast<std::uint64_t>(seeds * part / parts);
  const auto end = static_cast<std::uint64_t>(seeds * (part + 1) / parts - 1);
  if (seeds * part / parts == seeds * (part + 1) / parts) return false;
  options.last_seed = options.first_seed + end;
  options.first_seed += begin;
  return true;
}

/// The shard that was asked for, from 0, and how many there are.
std::optional<std::pair<std::uint64_t, std::uint64_t>> shard_of(const std::optional<std::string>& typed) {
  if (typed) {
    const auto [index, count] = two_numbers("--shard", *typed, "/", "I/N");
    if (index < 1 || index > count) throw Misuse(fmt::format("--shard {}: expected 1/N to N/N", *typed));
    return std::pair(index - 1, count);
  }
  const char* index = std::getenv("TEST_SHARD_INDEX");
  const char* count = std::getenv("TEST_TOTAL_SHARDS");
  if (!index || !count) return std::nullopt;
  // Bazel wants to see that shards are known here.
  if (const char* status = std::getenv("TEST_SHARD_STATUS_FILE")) std::ofstream(status, std::ios::app);
  const std::uint64_t shards = number_of("TEST_TOTAL_SHARDS", count, 1, UINT64_MAX);
  return std::pair(number_of("TEST_SHARD_INDEX", index, 0, shards - 1), shards);
}

void set_seeds(CommandOptions& options, const Typed& typed) {
  ExploreOptions& explore = options.explore;
  if (typed.seed) {
    options.seed = number_of("--seed", *typed.seed, 0, UINT64_MAX);
    explore.first_seed = explore.last_seed = *options.seed;
  } else if (typed.seeds) {
    std::tie(explore.first_seed, explore.last_seed) = two_numbers("--seeds", *typed.seeds, "..", "A..B");
    if (explore.first_seed > explore.last_seed)
      throw Misuse(fmt::format("--seeds {}: the range is empty", *typed.seeds));
  }
  if (options.seed || options.single()) return;
  if (const auto shard = shard_of(typed.shard)) {
    options.nothing_to_do = !take_part(explore, shard->first, shard->second);
  }
}

/// A sweep may take hours: better it fails now than when it has found something.
void check_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    const bool absent = !error || error == std::errc::no_such_file_or_directory;
    throw Misuse(fmt::format("--repros {}: {}", directory.string(),
                             absent ? "there is no such directory" : error.message()));
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    error.assign(errno, std::generic_category());
    throw Misuse(
        fmt::format("--repros {}: nothing can be written there: {}", directory.string(), error.message()));
  }
}

void set_rest(CommandOptions& options, const Typed& typed) {
  ExploreOptions& explore = options.explore;
  if (typed.jobs) explore.jobs = static_cast<unsigned>(number_of("--jobs", *typed.jobs, 1, jobs_max));
  // This way round what is not a number is refused, too.
  if (!(typed.timeout_s >= timeout_min_s && typed.timeout_s <= timeout_max_s)) {
    throw Misuse(fmt::format("--timeout: expected {} to {} seconds", timeout_min_s, timeout_max_s));
  }
  explore.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(typed.timeout_s * 1000));
  explore.shrink = !typed.no_shrink;
  explore.repro_directory = typed.repros.value_or(".");
  if (explore.shrink && !options.single() && !options.list) check_directory(explore.repro_directory);
}

}  // namespace

std::optional<CommandOptions> parse_command_line(int argc, char** argv,
                                                 const std::vector<Scenario>& scenarios,
                                                 const std::string& more_help) {
  CLI::App app("Runs scenarios in a simulated world, over many seeds, and finds those that fail.");
  app.footer(more_help +
             "Exit codes: 0 nothing failed, 1 something failed or the sweep was interrupted,\n"
             "2 wrong use, or something kept it from running.");
  CommandOptions options;
  Typed typed;
  declare_options(app, options, typed);
  declare_arguments(app, options, scenarios);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw Misuse(std::string(error.what()) + " (see --help)");
  }
  set_seeds(options, typed);
  check_combination(options, typed);
  set_rest(options, typed);
  return options;
}

}  // namespace twinwire::traces
