// Lines of words, and repro files: what is written is read back, and what is damaged is refused in words.
#include "property.hpp"

#include <twinwire/traces/repro.hpp>
#include <twinwire/traces/text_record.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::traces {
namespace {

/// Any bytes, with those that a format might trip over more often than others.
rc::Gen<std::string> texts() {
  return rc::gen::container<std::string>(
      rc::gen::weightedOneOf<char>({{3, rc::gen::elementOf(std::string("\n\r\t \"\\#:0", 9))},
                                    {2, rc::gen::inRange<char>('a', 'f')},
                                    {1, rc::gen::arbitrary<char>()}}));
}

PROPERTY("words survive being joined to a line and split again") {
  const auto words = *rc::gen::container<std::vector<std::string>>(texts());
  const std::string line = join_words(words);
  RC_ASSERT(line.find('\n') == std::string::npos);
  RC_ASSERT(split_words(line) == words);
  RC_ASSERT(split_words("  " + line + "  \r") == words);
  if (!words.empty()) RC_ASSERT(split_words(line + " # a comment \" with a quote") == words);
}

PROPERTY("any line is split, or refused as an invalid argument") {
  const auto line = *texts();
  try {
    const std::vector<std::string> words = split_words(line);
    RC_ASSERT(split_words(join_words(words)) == words);
  } catch (const std::invalid_argument& error) {
    RC_ASSERT(error.what() != std::string());
  }
}

PROPERTY("numbers are read back in both bases, and nothing else is a number") {
  const auto value = *rc::gen::arbitrary<std::uint64_t>();
  RC_ASSERT(parse_number(std::to_string(value)) == value);
  RC_ASSERT(parse_number(to_hex(value), 16) == value);
  const auto text = *texts();
  const bool all_digits =
      !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 19;
  try {
    RC_ASSERT(std::to_string(parse_number(text)).size() <= text.size());
    RC_ASSERT(text.find_first_not_of("0123456789") == std::string::npos);
  } catch (const std::invalid_argument&) {
    RC_ASSERT(!all_digits);
  }
}

rc::Gen<Repro> repros() {
  const auto address = rc::gen::apply(
      [](std::string entity, std::string purpose, std::uint64_t ordinal) {
        return DecisionAddress{std::move(entity), std::move(purpose), ordinal};
      },
      texts(), texts(), rc::gen::arbitrary<std::uint64_t>());
  // No address twice.
  const auto overrides = rc::gen::map(rc::gen::container<std::map<DecisionAddress, std::uint64_t>>(
                                          address, rc::gen::arbitrary<std::uint64_t>()),
                                      [](const std::map<DecisionAddress, std::uint64_t>& outcomes) {
                                        return std::vector<std::pair<DecisionAddress, std::uint64_t>>(
                                            outcomes.begin(), outcomes.end());
                                      });
  const auto request =
      rc::gen::build<RunRequest>(rc::gen::set(&RunRequest::seed, rc::gen::arbitrary<std::uint64_t>()),
                                 rc::gen::set(&RunRequest::base, rc::gen::element(Base::seed, Base::calm)),
                                 rc::gen::set(&RunRequest::overrides, overrides));
  const auto signature = rc::gen::build<FailureSignature>(
      rc::gen::set(&FailureSignature::kind, rc::gen::nonEmpty(texts())),
      rc::gen::set(&FailureSignature::host, texts()), rc::gen::set(&FailureSignature::type, texts()),
      rc::gen::set(&FailureSignature::message, texts()));
  const auto pairs = rc::gen::container<std::map<std::string, std::string>>(texts(), texts());
  return rc::gen::build<Repro>(
      rc::gen::set(&Repro::scenario, rc::gen::nonEmpty(texts())), rc::gen::set(&Repro::arguments, pairs),
      rc::gen::set(&Repro::options, pairs), rc::gen::set(&Repro::request, request),
      rc::gen::set(&Repro::signature, signature),
      rc::gen::set(&Repro::fingerprint, rc::gen::arbitrary<std::uint64_t>()),
      rc::gen::set(&Repro::comments, rc::gen::container<std::vector<std::string>>(texts())));
}

}  // namespace

void showValue(const Repro& repro, std::ostream& os) {
  rc::show(to_text(repro), os);
}

namespace {

void require_same(const Repro& a, const Repro& b) {
  RC_ASSERT(a.scenario == b.scenario);
  RC_ASSERT(a.arguments == b.arguments);
  RC_ASSERT(a.options == b.options);
  RC_ASSERT(a.request.seed == b.request.seed);
  RC_ASSERT((a.request.base == b.request.base));
  RC_ASSERT((a.request.overrides == b.request.overrides));
  RC_ASSERT((a.signature == b.signature));
  RC_ASSERT(a.fingerprint == b.fingerprint);
}

PROPERTY("a repro is read back from its text") {
  const Repro repro = *repros();
  require_same(parse_repro(to_text(repro), "file"), repro);
}

PROPERTY("a repro survives line ends of another system") {
  const Repro repro = *repros();
  std::string text;
  for (const char c : to_text(repro)) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  require_same(parse_repro(text, "file"), repro);
}

/// The complaint about a damaged repro; empty if it was read all the same.
std::string complaint_about(const std::string& text) {
  try {
    parse_repro(text, "some.repro");
    return {};
  } catch (const ReproError& error) {
    return error.what();
  }
}

PROPERTY("a damaged repro is read, or refused with the name of the file; nothing else is thrown") {
  std::string text = to_text(*repros());
  const auto changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
    const auto length = *rc::gen::inRange<std::size_t>(0, 12);
    text.replace(at, length, *texts());
  }
  const std::string complaint = complaint_about(text);
  if (!complaint.empty()) RC_ASSERT(complaint.starts_with("some.repro:"));
}

PROPERTY("a malformed line is refused with the file and the number of that line") {
  const std::string before = to_text(*repros());
  const auto line = *property::one_of<std::string>(
      {"override cut a 1", "override cut a one 2", "override cut a 1 -2", "fingerprint xyz", "fingerprint",
       "fingerprint 12345678901234567", "base warm 1", "base seed -1", "base seed 18446744073709551616",
       "model 2", "model \"\"", "surprise", "\"open", "\"bad \\escape\"", "failure a b c", "argument only",
       "option a b c", "scenario a b"});
  const auto number = 1 + std::ranges::count(before, '\n');
  const std::string complaint = complaint_about(before + line + "\n" + "fingerprint also wrong\n");
  RC_ASSERT(complaint.starts_with("some.repro:" + std::to_string(number) + ": "));
  RC_ASSERT(complaint.find('\n') == std::string::npos);
}

}  // namespace
}  // namespace twinwire::traces
