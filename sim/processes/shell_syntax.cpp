#include <twinwire/sim/processes/shell_syntax.hpp>

#include <algorithm>
#include <optional>

namespace twinwire::sim::shell {
namespace {

bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}
bool is_space(char c) {
  return c == ' ' || c == '\t';
}
/// Ends a word.
bool is_operator(char c) {
  return c == ';' || c == '&' || c == '|' || c == '<' || c == '>' || c == '\n' || c == '(' || c == ')';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::vector<Step> parse() {
    std::vector<Step> steps;
    auto when = Step::When::always;
    while (true) {
      skip_blanks(when == Step::When::always);
      if (rest_.empty() && when == Step::When::always) return steps;
      steps.push_back({when, parse_pipeline()});
      if (take("&&")) {
        when = Step::When::success;
      } else if (take("||")) {
        when = Step::When::failure;
      } else if (take(";") || take("\n") || rest_.empty()) {
        when = Step::When::always;
      } else {
        fail();
      }
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw SyntaxError(rest_.empty() ? "end of file unexpected"
                                    : "\"" + std::string(rest_.substr(0, 1)) + "\" unexpected");
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  /// Comments too, and ends of lines where they mean nothing.
  void skip_blanks(bool lines) {
    while (!rest_.empty()) {
      if (rest_.front() == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (is_space(rest_.front()) || (lines && rest_.front() == '\n')) {
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }

  Pipeline parse_pipeline() {
    Pipeline pipeline;
    skip_blanks(true);
    if (rest_.starts_with("! ")) {
      pipeline.negated = true;
      rest_.remove_prefix(2);
    }
    do {
      skip_blanks(true);
      pipeline.commands.push_back(parse_command());
    } while (!rest_.starts_with("||") && take("|"));
    return pipeline;
  }

  Command parse_command() {
    Command command;
    bool any = false;
    while (true) {
      skip_blanks(false);
      if (rest_.empty() || (is_operator(rest_.front()) && rest_.front() != '<' && rest_.front() != '>'))
        break;
      any = true;
      if (parse_redirection(command)) continue;
      std::optional<std::string> name = parse_assignment(command);
      Word word = parse_word();
      if (name) {
        command.assignments.emplace_back(std::move(*name), std::move(word));
      } else {
        command.words.push_back(std::move(word));
      }
    }
    if (!any) fail();
    return command;
  }

  bool parse_redirection(Command& command) {
    if (take("2>&1")) {
      command.err = command.out;
    } else if (take("1>&2") || take(">&2")) {
      command.out = command.err;
    } else if (rest_.starts_with("2>")) {
      rest_.remove_prefix(2);
      expect_null();
      command.err = Target::null;
    } else if (rest_.front() == '<') {
      rest_.remove_prefix(1);
      expect_null();
      command.null_input = true;
    } else if (rest_.front() == '>') {
      rest_.remove_prefix(1);
      expect_null();
      command.out = Target::null;
    } else {
      return false;
    }
    return true;
  }

  void expect_null() {
    skip_blanks(false);
    if (!take("/dev/null")) throw SyntaxError("only /dev/null can be redirected from and to");
  }

  /// The name in front of a "=", of which the value is to be parsed next.
  std::optional<std::string> parse_assignment(const Command& command) {
    if (!command.words.empty() || !is_name_start(rest_.front())) return std::nullopt;
    const auto end = std::ranges::find_if_not(rest_, is_name);
    if (end == rest_.end() || *end != '=') return std::nullopt;
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length + 1);
    return name;
  }

  Word parse_word() {
    Word word;
    while (!rest_.empty() && !is_space(rest_.front()) && !is_operator(rest_.front())) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\'') {
        word.quoted = true;
        const std::size_t end = rest_.find('\'');
        if (end == std::string_view::npos) throw SyntaxError("unterminated quoted string");
        add_text(word, rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
      } else if (c == '"') {
        word.quoted = true;
        parse_double_quotes(word);
      } else if (c == '\\' && !rest_.empty()) {
        add_text(word, rest_.substr(0, 1));
        rest_.remove_prefix(1);
      } else if (c == '`') {
        throw SyntaxError("\"`\" is not supported");
      } else if (c != '$' || !parse_variable(word)) {
        add_text(word, {&c, 1});
      }
    }
    return word;
  }

  void parse_double_quotes(Word& word) {
    while (true) {
      if (rest_.empty()) throw SyntaxError("unterminated quoted string");
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return;
      if (c == '\\' && !rest_.empty() &&
          std::string_view("\"\\$`\n").find(rest_.front()) != std::string_view::npos) {
        add_text(word, rest_.substr(0, 1));
        rest_.remove_prefix(1);
      } else if (c != '$' || !parse_variable(word)) {
        add_text(word, {&c, 1});
      }
    }
  }

  /// Behind a "$". False if that stands for itself.
  bool parse_variable(Word& word) {
    if (rest_.empty()) return false;
    if (rest_.front() == '(') throw SyntaxError("\"$(\" is not supported");
    std::size_t length = 0;
    if (rest_.front() == '?' || rest_.front() == '$' || (rest_.front() >= '0' && rest_.front() <= '9')) {
      length = 1;
    } else if (rest_.front() == '{') {
      length = rest_.find('}');
      if (length == std::string_view::npos) throw SyntaxError("unterminated ${");
      word.pieces.push_back({true, std::string(rest_.substr(1, length - 1))});
      rest_.remove_prefix(length + 1);
      return true;
    } else if (is_name_start(rest_.front())) {
      length = static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_name) - rest_.begin());
    }
    if (length == 0) return false;
    word.pieces.push_back({true, std::string(rest_.substr(0, length))});
    rest_.remove_prefix(length);
    return true;
  }

  static void add_text(Word& word, std::string_view text) {
    if (word.pieces.empty() || word.pieces.back().variable) word.pieces.push_back({false, {}});
    word.pieces.back().text += text;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<Step> parse(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace twinwire::sim::shell
