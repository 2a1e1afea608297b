#include "inline_arguments.hpp"

#include <charconv>

namespace resp {
namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// What a backslash and this character stand for in double quotes.
char escaped(char c) noexcept {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

/// Goes through one line.
class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  /// The next word, or nothing: `failed` tells whether that is the end.
  std::optional<std::string> word() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return std::nullopt;
    std::string word;
    while (!rest_.empty() && !is_blank(rest_.front())) {
      const char c = take();
      if (c == '"' || c == '\'') {
        if (c == '"' ? double_quoted(word) : single_quoted(word)) return word;
        failed_ = true;
        return std::nullopt;
      }
      word += c;
    }
    return word;
  }
  bool failed() const noexcept { return failed_; }

 private:
  char take() noexcept {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool at_word_end() const noexcept { return rest_.empty() || is_blank(rest_.front()); }

  bool double_quoted(std::string& word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '"') return at_word_end();
      if (c != '\\' || rest_.empty()) {
        word += c;
      } else if (rest_.size() >= 3 && rest_[0] == 'x' && is_hex(rest_[1]) && is_hex(rest_[2])) {
        unsigned value = 0;
        std::from_chars(rest_.data() + 1, rest_.data() + 3, value, 16);
        word += static_cast<char>(value);
        rest_.remove_prefix(3);
      } else {
        word += escaped(take());
      }
    }
    return false;
  }

  bool single_quoted(std::string& word) {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\'') return at_word_end();
      if (c == '\\' && rest_.starts_with('\'')) {
        word += take();
      } else {
        word += c;
      }
    }
    return false;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> split_inline(std::string_view line) {
  Splitter splitter(line);
  std::vector<std::string> words;
  while (auto word = splitter.word()) words.push_back(std::move(*word));
  if (splitter.failed()) return std::nullopt;
  return words;
}

}  // namespace resp
