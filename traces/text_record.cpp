#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

bool is_plain(std::string_view word) {
  for (const char c : word) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '#') return false;
  }
  return !word.empty();
}

std::string quoted(std::string_view word) {
  std::string text = "\"";
  for (const char c : word) {
    switch (c) {
      case '"':
        text += "\\\"";
        break;
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\r':
        text += "\\r";
        break;
      default:
        text += c;
    }
  }
  return text + '"';
}

/// The word whose opening quote is at `at`, which moves behind its closing one.
std::string unquoted(std::string_view line, std::size_t& at) {
  std::string word;
  for (++at; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '"') {
      ++at;
      return word;
    }
    if (c != '\\') {
      word += c;
      continue;
    }
    const char escape = ++at < line.size() ? line[at] : '\0';
    switch (escape) {
      case 'n':
        word += '\n';
        break;
      case 't':
        word += '\t';
        break;
      case 'r':
        word += '\r';
        break;
      case '"':
      case '\\':
        word += escape;
        break;
      default:
        throw std::invalid_argument("unknown escape in a quoted word");
    }
  }
  throw std::invalid_argument("a quote is not closed");
}

}  // namespace

std::string join_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += is_plain(word) ? word : quoted(word);
  }
  return line;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\r') {
      ++at;
    } else if (line[at] == '#') {
      break;  // a comment
    } else if (line[at] == '"') {
      words.push_back(unquoted(line, at));
    } else {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      words.emplace_back(line.substr(at, end - at));
      at = end;
    }
  }
  return words;
}

std::uint64_t parse_number(std::string_view word, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc{} || end != word.data() + word.size() || word.empty()) {
    throw std::invalid_argument(
        fmt::format("\"{}\" is not a {}number", word, base == 16 ? "hexadecimal " : ""));
  }
  return value;
}

std::string to_hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

}  // namespace twinwire::traces
