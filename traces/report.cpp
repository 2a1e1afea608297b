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

std::string confirmation_in_words(const FailureGroup& group) {
  if (!group.confirmation)
    return "not confirmed: the sweep was interrupted, or has too many kinds of failure";
  if (group.confirmed()) {
    return fmt::format("confirmed in a fresh process, fingerprint {}", to_hex(group.first.fingerprint));
  }
  const RunOutcome& again = *group.confirmation;
  const std::string what = again.failed ? again.signature.in_words() : "it passed";
  return fmt::format(
      "DIFFERENT in a fresh process: {} (fingerprint {} before, {} there).\n"
      "  State leaks from one run to the next, or something in the run is not deterministic: try --isolate",
      what, to_hex(group.first.fingerprint), to_hex(again.fingerprint));
}

}  // namespace

// --- text ---

TextReport::TextReport(std::string replay_command, bool show_seeds)
    : replay_command_(std::move(replay_command)),
      show_seeds_(show_seeds),
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

void TextReport::on_assigned(std::uint64_t first, std::uint64_t last) {
  if (!show_seeds_) return;
  clear_line();
  say(first == last ? fmt::format("running seed {}\n", first)
                    : fmt::format("running seeds {}..{}\n", first, last));
}

void TextReport::on_outcome(const RunOutcome& outcome) {
  if (!outcome.failed) return;
  clear_line();
  if (show_seeds_) say(fmt::format("seed {} failed: {}\n", outcome.seed, outcome.signature.in_words()));
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

void TextReport::on_group(const FailureGroup& group) {
  clear_line();
  say(fmt::format("\n{}: {}\n", red(fmt::format("FAILED seed {}", group.first.seed)),
                  group.first.signature.in_words()));
  if (group.first.message != group.first.signature.in_words())
    say(fmt::format("  {}\n", group.first.message));
  std::string seeds;
  for (const std::uint64_t seed : group.seeds) seeds += fmt::format("{}{}", seeds.empty() ? "" : ", ", seed);
  if (group.count > 1) {
    say(fmt::format("  {} seeds failed so: {}{}\n", group.count, seeds,
                    group.count > group.seeds.size() ? " ..." : ""));
  }
  say(fmt::format("  {}\n", confirmation_in_words(group)));
  if (group.shrunk) {
    const ShrinkResult& shrunk = *group.shrunk;
    const auto& decisions = shrunk.outcome.decisions;
    if (shrunk.reduced) {
      say(fmt::format("  shrunk from {} decisions to {} in {} runs; all others are calm:\n",
                      shrunk.decisions_before, decisions.size(), shrunk.runs));
    } else {
      say(fmt::format("  could not be shrunk; its {} decisions are those of the seed:\n", decisions.size()));
    }
    for (std::size_t i = 0; i < decisions.size() && i < decisions_shown; ++i) {
      say(fmt::format("    {}\n", decisions[i].sentence));
    }
    if (decisions.size() > decisions_shown)
      say(fmt::format("    and {} more\n", decisions.size() - decisions_shown));
  }
  if (!group.repro.empty()) {
    say(fmt::format("  replay: {} --replay {}\n", replay_command_, group.repro.string()));
  } else {
    say(fmt::format("  replay: {} --seed {}\n", replay_command_, group.first.seed));
  }
}

void TextReport::summary(const ExploreOptions& options, const ExploreResult& result) {
  clear_line();
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_);
  if (result.interrupted) say("\ninterrupted: what follows is of the seeds that were done\n");
  say(fmt::format("{} of {} seeds done, {} failed{}, {} events, {:.1f} s\n", result.done,
                  options.last_seed - options.first_seed + 1, result.failed,
                  result.groups.size() > 1 ? fmt::format(" in {} ways", result.groups.size()) : "",
                  result.events, static_cast<double>(elapsed.count()) / 1000.0));
}

// --- JSON ---

std::string json_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

void JsonReport::on_assigned(std::uint64_t first, std::uint64_t last) {
  say(fmt::format("{{\"event\":\"assigned\",\"first\":{},\"last\":{}}}\n", first, last));
}

void JsonReport::on_outcome(const RunOutcome& outcome) {
  say(fmt::format("{{\"event\":\"{}\",\"seed\":{},\"fingerprint\":\"{}\",\"events\":{},\"virtual_ns\":{}}}\n",
                  outcome.failed ? "failed" : "passed", outcome.seed, to_hex(outcome.fingerprint),
                  outcome.events, outcome.virtual_time.count()));
}

void JsonReport::on_group(const FailureGroup& group) {
  const FailureSignature& s = group.first.signature;
  std::string decisions;
  if (group.shrunk) {
    for (const Decision& d : group.shrunk->outcome.decisions) {
      decisions += fmt::format("{}{}", decisions.empty() ? "" : ",", json_string(d.sentence));
    }
  }
  say(fmt::format(
      "{{\"event\":\"failure\",\"seed\":{},\"count\":{},\"kind\":{},\"host\":{},\"type\":{},"
      "\"message\":{},\"confirmed\":{},\"decisions\":[{}],\"repro\":{}}}\n",
      group.first.seed, group.count, json_string(s.kind), json_string(s.host), json_string(s.type),
      json_string(group.first.message), group.confirmed(), decisions, json_string(group.repro.string())));
}

void JsonReport::summary(const ExploreResult& result) {
  say(fmt::format("{{\"event\":\"summary\",\"done\":{},\"failed\":{},\"events\":{},\"interrupted\":{}}}\n",
                  result.done, result.failed, result.events, result.interrupted));
}

}  // namespace twinwire::traces
