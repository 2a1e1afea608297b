#include <twinwire/traces/child.hpp>
#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/interruption.hpp>
#include <twinwire/traces/repro.hpp>
#include <twinwire/traces/sweep.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

/// Seeds that are remembered of a group.
constexpr std::size_t seeds_kept = 10;
/// Groups that are confirmed and shrunk; a sweep with more kinds of failure has a larger problem.
constexpr std::size_t groups_examined = 10;
/// Each of these takes the whole time limit.
constexpr std::uint64_t hanging_runs_max = 30;

class Exploration {
 public:
  Exploration(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
              ExploreListener* listener)
      : options_(options), scenario_(scenario), arguments_(arguments), listener_(listener) {}

  ExploreResult go() {
    const InterruptionGuard guard;
    Sweep sweep(options_, scenario_, arguments_, listener_,
                [&](RunOutcome outcome) { note(std::move(outcome), sweep); });
    if (!sweep.run()) interrupted();
    for (auto& [signature, group] : groups_) result_.groups.push_back(std::move(group));
    std::ranges::sort(result_.groups, {}, [](const FailureGroup& group) { return group.first.seed; });
    for (std::size_t i = 0; i < result_.groups.size(); ++i) {
      FailureGroup& group = result_.groups[i];
      if (i < groups_examined && !result_.interrupted) examine(group);
      if (listener_) listener_->on_group(group);
    }
    return std::move(result_);
  }

 private:
  void note(RunOutcome outcome, Sweep& sweep) {
    ++result_.done;
    result_.done_seeds.add(outcome.seed);
    result_.events += outcome.events;
    if (listener_) listener_->on_outcome(outcome);
    if (outcome.failed) {
      ++result_.failed;
      if (options_.stop_at_first_failure) sweep.stop();
      add_to_group(std::move(outcome));
    }
    if (listener_) listener_->on_progress(result_.done, options_.seeds(), result_.failed);
  }

  void interrupted() {
    result_.interrupted = true;
    if (listener_) listener_->on_interrupted(result_);
  }

  void add_to_group(RunOutcome outcome) {
    FailureGroup& group = groups_[outcome.signature];
    group.seeds.push_back(outcome.seed);
    // Workers are not in step: the smallest seeds may come late.
    std::ranges::sort(group.seeds);
    if (group.seeds.size() > seeds_kept) group.seeds.pop_back();
    if (group.count++ == 0 || outcome.seed < group.first.seed) group.first = std::move(outcome);
  }

  void examine(FailureGroup& group) {
    try {
      group.confirmation = confirm(group.first.seed);
      if (!group.confirmed()) return compare(group);
      if (!options_.shrink) return;
      group.shrunk = shrink_first(group);
    } catch (const Interrupted&) {
      interrupted();
      return;
    } catch (const std::runtime_error& error) {
      group.rerun_error = error.what();
      return;
    }
    if (group.shrunk->interrupted) interrupted();
    if (!options_.repro_directory.empty()) save(group);
  }

  ShrinkResult shrink_first(const FailureGroup& group) const {
    // In a process for each run: a candidate may crash or hang where the seed itself did not.
    const Runner run = [&](const RunRequest& request) {
      return run_forked(scenario_, arguments_, request, options_.timeout);
    };
    ShrinkOptions shrink_options;
    if (group.first.signature.kind == "hang") shrink_options.runs_max = hanging_runs_max;
    shrink_options.progress = [&](std::uint64_t runs, std::size_t decisions) {
      if (listener_) listener_->on_shrinking(group, runs, decisions);
    };
    return shrink(group.first, run, shrink_options);
  }

  RunOutcome confirm(std::uint64_t seed) const {
    if (options_.fresh_process.empty()) {
      return run_forked(scenario_, arguments_, {seed, Base::seed, {}, false}, options_.timeout);
    }
    return run_in_child(Child::execute(fresh_process(seed)), seed, options_.timeout);
  }

  /// Forks of this process would agree on what it has been given by chance: there must be a program to run.
  void compare(FailureGroup& group) const {
    if (options_.fresh_process.empty()) return;
    std::vector<std::string> command = fresh_process(group.first.seed);
    command.emplace_back("--log");
    Divergence found = find_divergence(command, group.first.seed, options_.timeout);
    if (found.outcome && !did_the_same(*found.outcome, *group.confirmation))
      found.kind = Divergence::Kind::others;
    group.divergence = std::move(found);
  }

  std::vector<std::string> fresh_process(std::uint64_t seed) const {
    std::vector<std::string> words = options_.fresh_process;
    for (std::string& word : words) {
      if (word == "{seed}") word = std::to_string(seed);
    }
    return words;
  }

  void save(FailureGroup& group) const {
    const ShrinkResult& shrunk = *group.shrunk;
    Repro repro{scenario_.name,
                arguments_.all(),
                options_as_text(scenario_.options),
                shrunk.request,
                shrunk.outcome.signature,
                shrunk.outcome.fingerprint,
                {}};
    for (const Decision& decision : shrunk.outcome.decisions) repro.comments.push_back(decision.sentence);
    const std::filesystem::path file =
        options_.repro_directory / repro_file_name(scenario_, arguments_, group.first.seed);
    try {
      write_repro(repro, file);
      group.repro = file;
    } catch (const ReproError& error) {
      group.repro_error = error.what();
    }
  }

  const ExploreOptions& options_;
  const Scenario& scenario_;
  const Arguments& arguments_;
  ExploreListener* listener_;
  ExploreResult result_;
  std::map<FailureSignature, FailureGroup> groups_;
};

}  // namespace

RunOutcome run_forked(const Scenario& scenario, const Arguments& arguments, const RunRequest& request,
                      std::chrono::milliseconds timeout) {
  return run_in_child(Child::fork_single([&] { return run_scenario(scenario, arguments, request); }),
                      request.seed, timeout);
}

RunOutcome run_at(const RunPlace& place, const Scenario& scenario, const Arguments& arguments,
                  const RunRequest& request) {
  if (place.in_process) return run_scenario(scenario, arguments, request, place.observer);
  return run_forked(scenario, arguments, request, place.timeout);
}

ExploreResult explore(const ExploreOptions& options, const Scenario& scenario, const Arguments& arguments,
                      ExploreListener* listener) {
  if (options.first_seed > options.last_seed) {
    throw std::invalid_argument(
        fmt::format("seeds {}..{}: the range is empty", options.first_seed, options.last_seed));
  }
  return Exploration(options, scenario, arguments, listener).go();
}

}  // namespace twinwire::traces
