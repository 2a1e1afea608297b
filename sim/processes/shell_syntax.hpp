// The syntax of the shell of simulated hosts: a command line as a tree.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinwire::sim::shell {

/// A piece of a word: text, or the name of a variable.
struct Piece {
  bool variable;
  std::string text;
};

struct Word {
  std::vector<Piece> pieces;
  bool quoted = false;  ///< stays, even if it turns out to be empty
};

/// Where a standard stream goes to: /dev/null, or what was stdout or stderr before the command.
enum class Target : std::uint8_t { null, out, err };

struct Command {
  std::vector<std::pair<std::string, Word>> assignments;
  std::vector<Word> words;
  bool null_input = false;
  Target out = Target::out;
  Target err = Target::err;
};

struct Pipeline {
  bool negated = false;
  std::vector<Command> commands;
};

/// A pipeline, and when it is run: after the status of what came before.
struct Step {
  enum class When : std::uint8_t { always, success, failure };
  When when = When::always;
  Pipeline pipeline;
};

/// A sentence about what was not understood.
class SyntaxError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws SyntaxError.
std::vector<Step> parse(std::string_view text);

}  // namespace twinwire::sim::shell
