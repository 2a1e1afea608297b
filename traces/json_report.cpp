#include <twinwire/traces/report.hpp>
#include <twinwire/traces/text_record.hpp>

#include <array>
#include <cstdio>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

void print_line(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

std::string run_members(const RunOutcome& outcome) {
  return fmt::format("\"seed\":{},\"fingerprint\":\"{}\",\"events\":{},\"virtual_ns\":{}", outcome.seed,
                     to_hex(outcome.fingerprint), outcome.events, outcome.virtual_time.count());
}

std::string failure_members(const RunOutcome& outcome) {
  const FailureSignature& s = outcome.signature;
  return fmt::format("\"kind\":{},\"host\":{},\"type\":{},\"message\":{}", json_string(s.kind),
                     json_string(s.host), json_string(s.type), json_string(outcome.message));
}

std::string sentences(const std::vector<Decision>& decisions) {
  std::string list;
  for (const Decision& d : decisions) list += (list.empty() ? "" : ",") + json_string(d.sentence);
  return "[" + list + "]";
}

/// All about a single run; `more` are further members.
std::string single(const RunOutcome& outcome, const std::string& more) {
  return fmt::format("{{\"event\":\"{}\",{},{},\"decisions\":{}{}}}\n", outcome.failed ? "failed" : "passed",
                     run_members(outcome), failure_members(outcome), sentences(outcome.decisions), more);
}

std::string comparison_members(const ReplayResult& result) {
  return fmt::format(",\"same_failure\":{},\"same_fingerprint\":{}", result.same_failure,
                     result.same_fingerprint);
}

}  // namespace

std::string json_line(const RunOutcome& outcome) {
  return single(outcome, {});
}

std::string json_line(const ReplayResult& result) {
  return single(result.outcome, comparison_members(result));
}

std::string json_line(const KeptRepro& kept) {
  const std::string file = json_string(kept.file.string());
  if (!kept.result) {
    return fmt::format("{{\"event\":\"not_replayed\",\"repro\":{},\"error\":{}}}\n", file,
                       json_string(kept.error));
  }
  return single(kept.result->outcome, fmt::format("{},\"repro\":{}", comparison_members(*kept.result), file));
}

std::string json_line(const Divergence& found) {
  constexpr std::array kinds{"same", "different", "different_unseen", "different_others"};
  return fmt::format("{{\"event\":\"{}\",\"same_lines\":{},\"next\":[{},{}]}}\n",
                     kinds.at(static_cast<std::size_t>(found.kind)), found.same, json_string(found.next[0]),
                     json_string(found.next[1]));
}

void JsonReport::on_fewer_workers(unsigned there, unsigned wanted, const std::string& reason) {
  print_line(fmt::format("{{\"event\":\"fewer_workers\",\"there\":{},\"wanted\":{},\"reason\":{}}}", there,
                         wanted, json_string(reason)));
}

void JsonReport::on_assigned(std::uint64_t first, std::uint64_t last) {
  print_line(fmt::format("{{\"event\":\"assigned\",\"first\":{},\"last\":{}}}", first, last));
}

void JsonReport::on_outcome(const RunOutcome& outcome) {
  print_line(
      fmt::format("{{\"event\":\"{}\",{}}}", outcome.failed ? "failed" : "passed", run_members(outcome)));
}

void JsonReport::on_interrupted(const ExploreResult& so_far) {
  print_line(fmt::format("{{\"event\":\"interrupted\",\"done\":{},\"done_seeds\":{}}}", so_far.done,
                         json_string(so_far.done_seeds.in_words(SIZE_MAX))));
}

void JsonReport::on_group(const FailureGroup& group) {
  print_line(
      fmt::format("{{\"event\":\"failure\",\"seed\":{},\"count\":{},{},\"confirmed\":{},\"confirmation\":{},"
                  "\"decisions\":{},\"repro\":{},\"repro_error\":{}}}",
                  group.first.seed, group.count, failure_members(group.first), group.confirmed(),
                  json_string(confirmation_in_words(group)),
                  group.shrunk ? sentences(group.shrunk->outcome.decisions) : "[]",
                  json_string(group.repro.string()), json_string(group.repro_error)));
}

void JsonReport::summary(const ExploreResult& result) {
  print_line(
      fmt::format("{{\"event\":\"summary\",\"done\":{},\"failed\":{},\"events\":{},\"interrupted\":{}}}",
                  result.done, result.failed, result.events, result.interrupted));
}

}  // namespace twinwire::traces
