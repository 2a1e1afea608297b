#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

bool is_between(char c, char low, char high) {
  return c >= low && c <= high;
}

bool is_plain(std::string_view word) {
  for (const char c : word) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '#') return false;
  }
  return !word.empty();
}

std::string in_quotes(std::string_view word) {
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

bool is_plain_in_shells(char c) {
  constexpr std::string_view harmless = "-_./=,:+@%";
  return is_between(c, '0', '9') || is_between(c, 'a', 'z') || is_between(c, 'A', 'Z') ||
         harmless.find(c) != std::string_view::npos;
}

/// Bytes of the UTF-8 character at the beginning; 0 if there is none. By table 3-7 of the Unicode standard.
std::size_t utf8_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_between(text[i], '\x80', '\xbf')) return 0;
  }
  // Neither longer than need be, nor half a pair of surrogates, nor beyond the last character.
  const auto second = static_cast<unsigned char>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

}  // namespace

std::string join_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += is_plain(word) ? word : in_quotes(word);
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

std::string join_list(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && std::ranges::all_of(word, is_plain_in_shells)) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    const std::size_t size = std::max<std::size_t>(1, utf8_size(text));
    if (c == '"' || c == '\\') {
      quoted += fmt::format("\\{}", text[0]);
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c < 0x20) {
      quoted += fmt::format("\\u{:04x}", c);
    } else if (utf8_size(text) == 0) {
      quoted += fmt::format("\\\\x{:02x}", c);
    } else {
      quoted += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return quoted + '"';
}

}  // namespace twinwire::traces
