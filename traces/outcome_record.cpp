#include <twinwire/traces/outcome_record.hpp>
#include <twinwire/traces/text_record.hpp>

#include <fmt/format.h>

namespace twinwire::traces {

std::string encode(const RunOutcome& outcome) {
  std::string text;
  const auto line = [&](const std::vector<std::string>& words) { text += join_words(words) + "\n"; };
  if (outcome.failed) {
    const FailureSignature& s = outcome.signature;
    line({"failure", s.kind, s.host, s.type, s.message, outcome.message});
  }
  for (const Decision& d : outcome.decisions) {
    line({"decision", d.address.entity, d.address.purpose, std::to_string(d.address.ordinal),
          std::to_string(d.outcome), d.sentence});
  }
  for (const DecisionAddress& address : outcome.unreached) {
    line({"unreached", address.entity, address.purpose, std::to_string(address.ordinal)});
  }
  text += fmt::format("end {} {} {} {}\n", outcome.seed, to_hex(outcome.fingerprint), outcome.events,
                      outcome.virtual_time.count());
  return text;
}

bool decode_line(const std::vector<std::string>& words, RunOutcome& outcome) {
  const std::string& key = words.at(0);
  if (key == "failure") {
    outcome.failed = true;
    outcome.signature = {words.at(1), words.at(2), words.at(3), words.at(4)};
    outcome.message = words.at(5);
  } else if (key == "decision") {
    outcome.decisions.push_back(
        {{words.at(1), words.at(2), parse_number(words.at(3))}, parse_number(words.at(4)), words.at(5)});
  } else if (key == "unreached") {
    outcome.unreached.push_back({words.at(1), words.at(2), parse_number(words.at(3))});
  } else if (key == "end") {
    outcome.seed = parse_number(words.at(1));
    outcome.fingerprint = parse_number(words.at(2), 16);
    outcome.events = parse_number(words.at(3));
    outcome.virtual_time = Duration(static_cast<std::int64_t>(parse_number(words.at(4))));
    return true;
  }
  return false;
}

}  // namespace twinwire::traces
