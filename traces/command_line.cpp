// scenario_main: the command line of every program of scenarios.
#include <twinwire/traces/child_side.hpp>
#include <twinwire/traces/command_options.hpp>
#include <twinwire/traces/corpus.hpp>
#include <twinwire/traces/divergence.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/log.hpp>
#include <twinwire/traces/replay.hpp>
#include <twinwire/traces/report.hpp>
#include <twinwire/traces/scenario.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <unistd.h>

#include <climits>
#include <fmt/format.h>

namespace twinwire::traces {
namespace {

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_misuse = 2;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::string own_path() {
  std::string path(PATH_MAX, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  path.resize(static_cast<std::size_t>(size));
  return path;
}

void list_scenarios(const std::vector<Scenario>& scenarios, const std::string& more_help) {
  for (const Scenario& scenario : scenarios) {
    print(fmt::format("{}\n  {}\n", scenario.name, scenario.description));
    for (const ArgumentSpec& spec : scenario.arguments) {
      print(fmt::format("  --{} VALUE  {}{}\n", spec.name, spec.description,
                        spec.choices.empty() ? "" : " (one of: " + join_list(spec.choices) + ")"));
    }
  }
  print(more_help);
}

const Scenario& find_scenario(const std::string& name, const std::vector<Scenario>& scenarios) {
  if (name.empty() && scenarios.size() == 1) return scenarios.front();
  if (name.empty()) throw Misuse("name a scenario: --list shows them");
  const auto found = std::ranges::find(scenarios, name, &Scenario::name);
  if (found == scenarios.end())
    throw Misuse(fmt::format("unknown scenario \"{}\": --list shows those there are", name));
  return *found;
}

Arguments arguments_for(const Scenario& scenario, const CommandOptions& options) {
  try {
    return scenario.arguments_with(options.arguments);
  } catch (const std::invalid_argument& error) {
    throw Misuse(error.what());
  }
}

/// The command that runs this scenario so.
std::vector<std::string> command_for(const std::string& program, const Scenario& scenario,
                                     const Arguments& arguments) {
  std::vector<std::string> words{program, scenario.name};
  for (const ArgumentSpec& spec : scenario.arguments) {
    const std::string& value = arguments.get(spec.name);
    if (value == spec.default_value) continue;
    if (value.starts_with('-')) {
      words.push_back("--" + spec.name + "=" + value);  // or it would be taken for an option
    } else {
      words.insert(words.end(), {"--" + spec.name, value});
    }
  }
  return words;
}

/// The command that runs it in a fresh process, and writes the outcome to "{fd}".
std::vector<std::string> fresh_command(const Scenario& scenario, const Arguments& arguments,
                                       const std::vector<std::string>& run) {
  std::vector<std::string> words = command_for(own_path(), scenario, arguments);
  words.insert(words.end(), run.begin(), run.end());
  words.insert(words.end(), {"--outcome-fd", "{fd}"});
  return words;
}

int run_twice(const CommandOptions& options, const Scenario& scenario, const Arguments& arguments) {
  const std::uint64_t seed = options.seed.value_or(1);
  std::vector<std::string> run{"--seed", std::to_string(seed), "--log"};
  if (options.calm) run.emplace_back("--calm");
  const Divergence found =
      find_divergence(fresh_command(scenario, arguments, run), seed, options.explore.timeout);
  const bool same = found.kind == Divergence::Kind::none;
  print(options.json ? json_line(found) : (same ? "" : "DIFFERENT: ") + describe_divergence(found));
  return same ? exit_ok : exit_failed;
}

int run_single(const CommandOptions& options, const Scenario& scenario, const Arguments& arguments) {
  const std::uint64_t seed = options.seed.value_or(1);
  // JSON lists the decisions.
  const RunRequest request{seed, options.calm ? Base::calm : Base::seed, {}, options.json};
  if (options.outcome_fd >= 0) {
    report_fatal_signals(options.outcome_fd);
    write_start(options.outcome_fd, seed);
    LogWriter log(options.outcome_fd);
    write_outcome(options.outcome_fd,
                  run_scenario(scenario, arguments, request, options.log ? &log : nullptr));
    return exit_ok;
  }
  LogObserver log(stdout);
  const RunPlace place{options.in_process || options.log, options.log ? &log : nullptr,
                       options.explore.timeout};
  if (!options.json) print(fmt::format("seed {}{}\n", seed, options.calm ? ", every decision calm" : ""));
  const RunOutcome outcome = run_at(place, scenario, arguments, request);
  print(options.json ? json_line(outcome) : describe_outcome(outcome));
  return outcome.failed ? exit_failed : exit_ok;
}

int run_corpus(const CommandOptions& options, const std::vector<Scenario>& scenarios) {
  if (options.log) throw Misuse("--log shows a single run: --replay a file, not a folder");
  if (!options.scenario.empty()) throw Misuse("the repros of a folder name their scenarios: give none");
  const RunPlace place{options.in_process, nullptr, options.explore.timeout};
  const CorpusResult all = replay_corpus(*options.replay, scenarios, place, [&](const KeptRepro& kept) {
    print(options.json ? json_line(kept) : describe_kept(kept));
  });
  if (!options.json) {
    print(fmt::format("{} gone, {} failed, {} not replayed\n", all.gone, all.failed, all.not_replayed));
  }
  if (all.failed != 0) return exit_failed;
  return all.not_replayed != 0 ? exit_misuse : exit_ok;
}

int run_replay(const CommandOptions& options, const std::vector<Scenario>& scenarios) {
  std::error_code cannot_tell;  // then the file cannot be read either
  if (std::filesystem::is_directory(*options.replay, cannot_tell)) return run_corpus(options, scenarios);
  const Repro repro = read_repro(*options.replay);
  if (!options.scenario.empty() && options.scenario != repro.scenario) {
    throw Misuse(fmt::format("{} is a repro of \"{}\", not of \"{}\"", *options.replay, repro.scenario,
                             options.scenario));
  }
  LogObserver log(stdout);
  const RunPlace place{options.in_process || options.log, options.log ? &log : nullptr,
                       options.explore.timeout};
  const ReplayResult result = replay(repro, scenarios, place);
  print(options.json ? json_line(result) : describe_replay(repro, result));
  return result.outcome.failed ? exit_failed : exit_ok;
}

int run_sweep(CommandOptions& options, const Scenario& scenario, const Arguments& arguments,
              const std::string& program) {
  if (options.nothing_to_do) {
    if (!options.json) print("there are more shards than seeds: nothing to do in this one\n");
    return exit_ok;
  }
  ExploreOptions& explore_options = options.explore;
  explore_options.fresh_process = fresh_command(scenario, arguments, {"--seed", "{seed}"});
  std::optional<ExploreResult> result;
  if (options.json) {
    JsonReport report;
    result = explore(explore_options, scenario, arguments, &report);
    report.summary(*result);
  } else {
    TextReport report(explore_options, {shell_words({program, "--replay"}),
                                        shell_words(command_for(program, scenario, arguments)) + " --seed"});
    result = explore(explore_options, scenario, arguments, &report);
    report.summary(*result);
  }
  return result->failed != 0 || result->interrupted ? exit_failed : exit_ok;
}

}  // namespace

int scenario_main(int argc, char** argv, const std::vector<Scenario>& scenarios,
                  const std::string& more_help) {
  try {
    std::optional<CommandOptions> options = parse_command_line(argc, argv, scenarios, more_help);
    if (!options) return exit_ok;
    if (options->list) {
      list_scenarios(scenarios, more_help);
      return exit_ok;
    }
    if (options->replay) return run_replay(*options, scenarios);
    const Scenario& scenario = find_scenario(options->scenario, scenarios);
    const Arguments arguments = arguments_for(scenario, *options);
    if (options->twice) return run_twice(*options, scenario, arguments);
    if (options->single()) return run_single(*options, scenario, arguments);
    return run_sweep(*options, scenario, arguments, argv[0]);
  } catch (const std::exception& error) {
    std::fputs(fmt::format("{}: {}\n", argv[0], error.what()).c_str(), stderr);
    return exit_misuse;
  }
}

}  // namespace twinwire::traces
