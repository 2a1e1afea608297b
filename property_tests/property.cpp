#include "property.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include <rapidcheck/detail/Configuration.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

namespace twinwire::property {
namespace {

constexpr int cases_default = 100;

/// A number from the environment; none if it is not there. Throws std::invalid_argument for what is none, or
/// is not one of these.
std::optional<std::uint64_t> number_from(const char* variable, std::uint64_t least, std::uint64_t most) {
  const char* text = std::getenv(variable);
  if (!text || *text == '\0') return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error == std::errc{} && rest == end && value >= least && value <= most) return value;
  throw std::invalid_argument(std::string(variable) + "=" + text + ": must be a number from " +
                              std::to_string(least) + " to " + std::to_string(most));
}

/// The cases of a property are its own: adding another one does not change them.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

rc::detail::Configuration configuration_for(std::string_view sentence) {
  rc::detail::Configuration defaults;
  const auto seed = number_from("TWINWIRE_PROPERTY_SEED", 0, std::numeric_limits<std::uint64_t>::max());
  const auto cases = number_from("TWINWIRE_PROPERTY_CASES", 1, std::numeric_limits<int>::max());
  defaults.testParams.seed = hash_of(sentence) + seed.value_or(0);
  defaults.testParams.maxSuccess = static_cast<int>(cases.value_or(cases_default));
  const char* params = std::getenv("RC_PARAMS");
  return params ? rc::detail::configFromString(params, defaults) : defaults;
}

/// A sentence as Catch2 wants it on its command line, where commas separate tests and brackets are tags.
std::string test_specification(std::string_view sentence) {
  std::string text;
  for (const char c : sentence) {
    if (c == ',' || c == '[' || c == ']' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

std::string replay_command(const std::string& sentence, const rc::detail::Reproduce& reproduce) {
  rc::detail::Configuration configuration;
  configuration.reproduce = {{sentence, reproduce}};
  return "RC_PARAMS='" + rc::detail::configToMinimalString(configuration) + "' " +
         program_invocation_short_name + " '" + test_specification(sentence) + "'";
}

std::string describe(const std::string& sentence, const rc::detail::FailureResult& failure) {
  std::ostringstream text;
  text << "\nFALSIFIED after " << failure.numSuccess << " cases: " << sentence << "\n"
       << failure.description << "\n";
  for (const auto& [type, value] : failure.counterExample) text << "  " << type << "\n    " << value << "\n";
  text << "replay: " << replay_command(sentence, failure.reproduce) << "\n";
  return text.str();
}

}  // namespace

void check(const char* sentence, void (*property)()) {
  const rc::detail::Configuration configuration = configuration_for(sentence);
  const rc::detail::TestMetadata metadata{sentence, sentence};
  rc::detail::TestListenerAdapter listener;
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [property] { property(); }, metadata, configuration.testParams, listener, configuration.reproduce);
  if (result.is<rc::detail::SuccessResult>()) {
    const auto& success = result.get<rc::detail::SuccessResult>();
    if (!success.distribution.empty()) rc::detail::printResultMessage(success, std::cout << sentence << ": ");
    SUCCEED();
    return;
  }
  std::ostringstream text;
  if (result.is<rc::detail::FailureResult>()) {
    text << describe(sentence, result.get<rc::detail::FailureResult>());
  } else {
    rc::detail::printResultMessage(result, text << sentence << ": ");
  }
  // Not through Catch2, which breaks long lines: nobody could copy the command.
  std::cerr << text.str() << std::endl;
  FAIL("the property does not hold: see above");
}

}  // namespace twinwire::property
