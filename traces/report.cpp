#include <twinwire/traces/report.hpp>
#include <twinwire/traces/text_record.hpp>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

constexpr auto progress_interval = std::chrono::milliseconds(100);
constexpr std::size_t decisions_shown = 20;

void say(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
}

std::string shrunk_in_words(const ShrinkResult& shrunk) {
  const std::vector<Decision>& decisions = shrunk.outcome.decisions;
  const std::string early = shrunk.interrupted ? ", when it was interrupted" : "";
  if (!shrunk.reduced) {
    return fmt::format("  could not be shrunk{}; its {} decisions are those of the seed:\n", early,
                       decisions.size());
  }
  if (decisions.empty()) {
    return fmt::format("  shrunk in {} runs{}: it needs no decision, and fails in a calm network\n",
                       shrunk.runs, early);
  }
  return fmt::format("  shrunk from {} decisions to {} in {} runs{}; all others are calm:\n",
                     shrunk.decisions_before, decisions.size(), shrunk.runs, early);
}

std::string decisions_in_words(const std::vector<Decision>& decisions) {
  std::string text;
  for (std::size_t i = 0; i < decisions.size() && i < decisions_shown; ++i)
    text += fmt::format("    {}\n", decisions[i].sentence);
  if (decisions.size() > decisions_shown)
    text += fmt::format("    and {} more\n", decisions.size() - decisions_shown);
  return text;
}

std::string seeds_in_words(const FailureGroup& group) {
  return fmt::format("  {} seeds failed so: {}{}\n", group.count, fmt::join(group.seeds, ", "),
                     group.count > group.seeds.size() ? " ..." : "");
}

/// Why a fresh process did something else.
std::string divergence_in_words(const FailureGroup& group) {
  if (!group.divergence) {
    std::string text =
        "  State leaks from one run to the next, or something in the run is not deterministic: try --isolate";
    if (!group.rerun_error.empty()) text += "\n  not compared any further: " + group.rerun_error;
    return text;
  }
  std::string text = "  Something in the run is not deterministic: ";
  if (group.divergence->kind == Divergence::Kind::none) {
    text = group.first.signature.ends_at_an_event()
               ? "  State leaks from one run to the next, try --isolate: "
               : "  It was only slow (--timeout), or state leaks from one run to the next (--isolate): ";
  }
  text += describe_divergence(*group.divergence);
  text.pop_back();  // the end of the last line
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    text.insert(at + 1, "  ");
  return text;
}

}  // namespace

std::string confirmation_in_words(const FailureGroup& group) {
  if (!group.confirmation && !group.rerun_error.empty())
    return "not confirmed: it could not be run again: " + group.rerun_error;
  if (!group.confirmation)
    return "not confirmed: the sweep was interrupted, or has too many kinds of failure";
  if (group.confirmed() && !group.first.signature.ends_at_an_event()) {
    return "confirmed in a fresh process; where a hang is ended differs, so fingerprints are not compared";
  }
  if (group.confirmed()) {
    return fmt::format("confirmed in a fresh process, fingerprint {}{}", to_hex(group.first.fingerprint),
                       group.rerun_error.empty() ? "" : "\n  not shrunk: " + group.rerun_error);
  }
  const RunOutcome& again = *group.confirmation;
  return fmt::format("DIFFERENT in a fresh process: {} (fingerprint {} before, {} there).\n{}",
                     again.failed ? again.signature.in_words() : "it passed", to_hex(group.first.fingerprint),
                     to_hex(again.fingerprint), divergence_in_words(group));
}

TextReport::TextReport(const ExploreOptions& options, ReportCommands commands)
    : options_(options),
      commands_(std::move(commands)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      coloured_(::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr),
      begun_(std::chrono::steady_clock::now()) {}

std::string TextReport::red(const std::string& text) const {
  return coloured_ ? "\033[1;31m" + text + "\033[0m" : text;
}

void TextReport::clear_line() {
  if (!line_shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  line_shown_ = false;
}

void TextReport::on_fewer_workers(unsigned there, unsigned wanted, const std::string& reason) {
  clear_line();
  say(fmt::format("only {} of {} worker processes: {}\n", there, wanted, reason));
}

void TextReport::on_assigned(std::uint64_t first, std::uint64_t last) {
  if (!options_.isolate) return;
  clear_line();
  say(first == last ? fmt::format("running seed {}\n", first)
                    : fmt::format("running seeds {}..{}\n", first, last));
}

void TextReport::on_outcome(const RunOutcome& outcome) {
  if (!outcome.failed) return;
  clear_line();
  if (options_.isolate) say(fmt::format("seed {} failed: {}\n", outcome.seed, outcome.signature.in_words()));
}

void TextReport::on_progress(std::uint64_t done, std::uint64_t total, std::uint64_t failed) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_progress_ < progress_interval && done != total) return;
  last_progress_ = now;
  constexpr std::uint64_t width = 30;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_).count() + 1;
  const std::string bar(static_cast<std::size_t>(done * width / total), '#');
  std::fputs(fmt::format("\r\033[K[{:<30}] {}/{} seeds, {} failed, {}/s", bar, done, total, failed,
                         done * 1000 / static_cast<std::uint64_t>(elapsed))
                 .c_str(),
             stderr);
  std::fflush(stderr);
  line_shown_ = true;
}

void TextReport::on_shrinking(const FailureGroup& group, std::uint64_t runs, std::size_t decisions) {
  if (!terminal_) return;
  std::fputs(fmt::format("\r\033[Kshrinking seed {}: {} decisions left after {} runs", group.first.seed,
                         decisions, runs)
                 .c_str(),
             stderr);
  std::fflush(stderr);
  line_shown_ = true;
}

void TextReport::on_interrupted(const ExploreResult& so_far) {
  clear_line();
  say(fmt::format("\ninterrupted: {} of {} seeds are done: {}\n", so_far.done, options_.seeds(),
                  so_far.done_seeds.in_words()));
  const auto missing = so_far.done_seeds.first_missing(options_.first_seed, options_.last_seed);
  if (missing) {
    say(fmt::format("  to go on: --seeds {}..{}\n", *missing, options_.last_seed));
  } else {
    say("  what follows is not all confirmed and shrunk\n");
  }
}

void TextReport::on_group(const FailureGroup& group) {
  clear_line();
  const std::string headline = group.first.signature.in_words();
  std::string text =
      fmt::format("\n{}: {}\n", red(fmt::format("FAILED seed {}", group.first.seed)), headline);
  if (group.first.message != headline) text += fmt::format("  {}\n", group.first.message);
  if (group.count > 1) text += seeds_in_words(group);
  text += fmt::format("  {}\n", confirmation_in_words(group));
  if (group.shrunk) {
    text += shrunk_in_words(*group.shrunk);
    text += decisions_in_words(group.shrunk->outcome.decisions);
  }
  if (!group.repro_error.empty()) text += fmt::format("  NO REPRO: {}\n", group.repro_error);
  if (group.repro.empty()) {
    text += fmt::format("  replay: {} {}\n", commands_.seed, group.first.seed);
  } else {
    text += fmt::format("  replay: {} {}\n", commands_.replay, shell_words({group.repro.string()}));
  }
  say(text);
}

void TextReport::summary(const ExploreResult& result) {
  clear_line();
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_);
  say(fmt::format("{} of {} seeds done{}, {} failed{}, {} events, {:.1f} s\n", result.done, options_.seeds(),
                  result.interrupted ? " (interrupted)" : "", result.failed,
                  result.groups.size() > 1 ? fmt::format(" in {} ways", result.groups.size()) : "",
                  result.events, static_cast<double>(elapsed.count()) / 1000.0));
}

}  // namespace twinwire::traces
