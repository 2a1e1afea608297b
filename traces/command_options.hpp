// What is asked for on the command line of a program of scenarios.
#pragma once

#include <twinwire/traces/explore.hpp>
#include <twinwire/traces/scenario.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace twinwire::traces {

/// Wrong use: `what()` says what to do instead, in one sentence.
class Misuse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A command line, checked as far as it can be without its scenario.
struct CommandOptions {
  std::string scenario;
  /// Those that were given.
  std::map<std::string, std::string> arguments;
  std::optional<std::uint64_t> seed;
  /// A repro file, or a folder of them.
  std::optional<std::string> replay;
  /// Seeds are those of the shard, or of `seed`.
  ExploreOptions explore;
  /// There are more shards than seeds, and this one has none.
  bool nothing_to_do = false;
  bool calm = false;
  bool twice = false;
  bool shrink = false;
  bool list = false;
  bool json = false;
  bool log = false;
  bool in_process = false;
  /// Where a process that confirms a failure writes its outcome.
  int outcome_fd = -1;

  /// One run and not a sweep.
  bool single() const { return replay || ((seed || calm) && !shrink); }
};

/// Reads a command line. Nothing if it asked for help, which has been printed. Throws Misuse, and
/// std::logic_error if a scenario has an argument that is called like an option.
std::optional<CommandOptions> parse_command_line(int argc, char** argv,
                                                 const std::vector<Scenario>& scenarios,
                                                 const std::string& more_help);

}  // namespace twinwire::traces
