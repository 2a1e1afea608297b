#include <twinwire/traces/child.hpp>
#include <twinwire/traces/divergence.hpp>

#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

/// A run that is read line by line.
class LoggedRun {
 public:
  LoggedRun(const std::vector<std::string>& command, std::uint64_t seed, std::chrono::milliseconds timeout)
      : run_(Child::execute(command), seed, timeout) {}

  /// Nothing at its end.
  std::optional<std::string> next_line() {
    while (lines_.empty() && !outcome_) {
      outcome_ = run_.advance([this](std::string line) { lines_.push_back(std::move(line)); });
    }
    if (lines_.empty()) return std::nullopt;
    std::optional<std::string> line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

  /// At its end. A hang is ended by the clock on the wall: it cannot be compared.
  const RunOutcome& outcome() const {
    if (outcome_->signature == hang_signature())
      throw std::runtime_error("it hangs while its log is written");
    return *outcome_;
  }

 private:
  SingleRun run_;
  std::deque<std::string> lines_;
  std::optional<RunOutcome> outcome_;
};

}  // namespace

bool did_the_same(const RunOutcome& a, const RunOutcome& b) {
  return a.failed == b.failed && a.signature == b.signature && a.fingerprint == b.fingerprint;
}

Divergence find_divergence(const std::vector<std::string>& command, std::uint64_t seed,
                           std::chrono::milliseconds timeout) {
  LoggedRun first(command, seed, timeout);
  LoggedRun second(command, seed, timeout);
  Divergence found;
  while (true) {
    std::optional<std::string> a = first.next_line();
    std::optional<std::string> b = second.next_line();
    if (!a && !b) break;
    if (!a) first.outcome();
    if (!b) second.outcome();
    if (a != b) {
      found.kind = Divergence::Kind::logged;
      found.next = {std::move(a).value_or(""), std::move(b).value_or("")};
      return found;
    }
    ++found.same;
  }
  if (!did_the_same(first.outcome(), second.outcome())) {
    found.kind = Divergence::Kind::unseen;
  } else {
    found.outcome = first.outcome();
  }
  return found;
}

std::string describe_divergence(const Divergence& found) {
  const auto shown = [](const std::string& line) { return line.empty() ? "(it ended)" : line; };
  switch (found.kind) {
    case Divergence::Kind::none:
      return fmt::format("two fresh processes did the same: {} lines of log, and the same end\n", found.same);
    case Divergence::Kind::unseen:
      return fmt::format("two fresh processes have the same {} lines of log, but another fingerprint\n",
                         found.same);
    case Divergence::Kind::others:
      return fmt::format("two fresh processes did the same, {} lines of log, and a third did not\n",
                         found.same);
    case Divergence::Kind::logged:
      break;
  }
  return fmt::format("two fresh processes part after {} lines of log:\n  {}\n  {}\n", found.same,
                     shown(found.next[0]), shown(found.next[1]));
}

}  // namespace twinwire::traces
