#include "name.hpp"

#include <cstdint>
#include <stdexcept>

namespace dns {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The byte that stands at `at`, which moves behind it; nothing for a backslash with nothing to escape.
std::optional<char> unescape(std::string_view text, std::size_t& at) {
  if (text[at] != '\\') return text[at++];
  if (++at == text.size()) return std::nullopt;
  if (!is_digit(text[at])) return text[at++];
  if (text.size() - at < 3 || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) return std::nullopt;
  const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  if (value > UINT8_MAX) return std::nullopt;
  at += 3;
  return static_cast<char>(value);
}

void append_escaped(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '.' || c == '\\') {
    text += {'\\', c};
  } else if (byte > ' ' && byte < 0x7f && c != '"' && c != ';') {
    text += c;
  } else {
    const std::string digits = std::to_string(1000 + byte);
    text += '\\' + digits.substr(1);
  }
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text) {
  Name name;
  if (text == ".") return name;
  std::string label;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '.') {
      if (!name.append(label)) return std::nullopt;
      label.clear();
      ++at;
      continue;
    }
    const std::optional<char> byte = unescape(text, at);
    if (!byte) return std::nullopt;
    label += *byte;
  }
  if (!label.empty() && !name.append(label)) return std::nullopt;
  if (name.is_root()) return std::nullopt;
  return name;
}

Name Name::of(std::string_view text) {
  if (auto name = parse(text)) return *name;
  throw std::invalid_argument("\"" + std::string(text) + "\" is not a domain name");
}

bool Name::append(std::string_view label) {
  if (label.empty() || label.size() > label_max || wire_.size() + 1 + label.size() > size_max) return false;
  wire_.back() = static_cast<char>(label.size());
  wire_.append(label);
  wire_ += '\0';
  return true;
}

bool Name::append(const Name& name) {
  if (wire_.size() - 1 + name.wire_.size() > size_max) return false;
  wire_.pop_back();
  wire_ += name.wire_;
  return true;
}

Name Name::parent() const {
  Name above;
  if (!is_root()) above.wire_ = wire_.substr(1 + static_cast<unsigned char>(wire_.front()));
  return above;
}

bool Name::is_within(const Name& zone) const {
  Name name = *this;
  while (name.wire_.size() > zone.wire_.size()) name = name.parent();
  return name == zone;
}

std::string Name::folded() const {
  // A length is below 64, and so no letter.
  std::string folded = wire_;
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

std::string Name::to_string() const {
  if (is_root()) return ".";
  std::string text;
  for (std::size_t at = 0; wire_[at] != '\0';) {
    const auto length = static_cast<unsigned char>(wire_[at]);
    for (std::size_t i = 1; i <= length; ++i) append_escaped(text, wire_[at + i]);
    text += '.';
    at += 1 + std::size_t{length};
  }
  return text;
}

}  // namespace dns
