#include "settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

namespace supervisor {
namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The number that a text begins with, which loses it; nothing if there is none that fits.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// Reads a configuration line by line.
class Parser {
 public:
  std::vector<ChildSettings> parse(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++number_;
      line(trimmed(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    end_child();
    if (children_.empty()) throw std::invalid_argument("there is no [child]");
    return std::move(children_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw std::invalid_argument("line " + std::to_string(number_) + ": " + why);
  }

  void line(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (line.front() == '[') return begin_child(line);
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) fail("neither KEY = VALUE nor [NAME]");
    set(std::string(trimmed(line.substr(0, sign))), trimmed(line.substr(sign + 1)));
  }

  void begin_child(std::string_view line) {
    const std::string_view name = trimmed(line.substr(1, line.size() - 2));
    if (line.back() != ']' || line.size() < 3 || name.empty()) fail("a name is [NAME]");
    end_child();
    if (std::ranges::find(children_, name, &ChildSettings::name) != children_.end()) {
      fail("there is a [" + std::string(name) + "] already");
    }
    children_.push_back(defaults_);
    children_.back().name = name;
  }

  /// What one line cannot tell alone.
  void end_child() const {
    if (children_.empty()) return;
    const ChildSettings& child = children_.back();
    if (child.program.empty()) fail("[" + child.name + "] has no command");
    if (child.backoff_min > child.backoff_max)
      fail("backoff_min of [" + child.name + "] is above backoff_max");
  }

  void set(const std::string& key, std::string_view value) {
    ChildSettings& child = children_.empty() ? defaults_ : children_.back();
    if (key == "command") {
      if (children_.empty()) fail("a command belongs to a [NAME]");
      child.arguments = words(value);
      if (child.arguments.empty() || child.arguments.front().empty()) fail("the command is empty");
      child.program = child.arguments.front();
      child.arguments.erase(child.arguments.begin());
    } else if (key == "restart") {
      child.restart = restart(value);
    } else if (key == "restarts_max") {
      const std::optional<int> number = take_number(value);
      if (!number || !value.empty()) fail("restarts_max is a number");
      child.restarts_max = *number;
    } else if (twinwire::Duration* duration = find_duration(child, key)) {
      *duration = parse_duration(key, value);
    } else {
      fail("there is no key \"" + key + "\"");
    }
  }

  static twinwire::Duration* find_duration(ChildSettings& child, const std::string& key) {
    if (key == "backoff_min") return &child.backoff_min;
    if (key == "backoff_max") return &child.backoff_max;
    if (key == "period") return &child.period;
    if (key == "stop_timeout") return &child.stop_timeout;
    return nullptr;
  }

  twinwire::Duration parse_duration(const std::string& key, std::string_view value) const {
    const std::optional<int> number = take_number(value);
    if (number && value == "ms") return std::chrono::milliseconds(*number);
    if (number && value == "s") return std::chrono::seconds(*number);
    fail(key + " is a time such as 250ms or 5s");
  }

  Restart restart(std::string_view value) const {
    if (value == "always") return Restart::always;
    if (value == "on-failure") return Restart::on_failure;
    if (value == "never") return Restart::never;
    fail("restart is always, on-failure or never");
  }

  std::vector<std::string> words(std::string_view text) const {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
      if (is_blank(text[at])) {
        ++at;
        continue;
      }
      std::string& word = words.emplace_back();
      for (char quote = '\0'; at < text.size() && (quote != '\0' || !is_blank(text[at])); ++at) {
        const char c = text[at];
        if (c == quote) {
          quote = '\0';
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
          quote = c;
        } else {
          word += c;
        }
        if (quote != '\0' && at + 1 == text.size()) fail("a quotation does not end");
      }
    }
    return words;
  }

  std::size_t number_ = 0;
  ChildSettings defaults_;
  std::vector<ChildSettings> children_;
};

}  // namespace

std::vector<ChildSettings> parse_settings(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace supervisor
