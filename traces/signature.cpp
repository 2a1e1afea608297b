#include <twinwire/traces/signature.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace twinwire::traces {
namespace {

/// Longer messages tell failures apart no better, and make reports unreadable.
constexpr std::size_t message_size_max = 400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string FailureSignature::in_words() const {
  std::string text = kind;
  if (!host.empty()) text += " on host \"" + host + "\"";
  if (!type.empty()) text += " (" + type + ")";
  return text + ": " + message;
}

FailureSignature hang_signature() {
  return {"hang", {}, {}, "no end in sight"};
}

std::string normalised(std::string_view message) {
  std::string text;
  bool quoted = false;
  for (std::size_t i = 0; i < message.size() && text.size() < message_size_max; ++i) {
    const char c = message[i];
    if (c == '"') {
      quoted = !quoted;
      text += quoted ? "\"" : "*\"";
    } else if (quoted) {
      continue;
    } else if (is_digit(c)) {
      if (text.empty() || text.back() != '#') text += '#';
    } else {
      text += c == '\n' || c == '\t' ? ' ' : c;
    }
  }
  return text;
}

std::string type_name(const std::exception_ptr& failure) {
  if (!failure) return {};
  const std::type_info* type = nullptr;
  try {
    std::rethrow_exception(failure);
  } catch (...) {
    type = abi::__cxa_current_exception_type();
  }
  if (!type) return "unknown";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type->name();
}

}  // namespace twinwire::traces
