// What is to be supervised, and how: the configuration.
#pragma once

#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace supervisor {

/// When a child that has ended is started again. It failed if its status was not 0, or a signal killed it.
enum class Restart : std::uint8_t { always, on_failure, never };

struct ChildSettings {
  std::string name;
  std::string program;
  std::vector<std::string> arguments;
  Restart restart = Restart::always;
  /// Before the first restart; twice as long before each further one, up to the maximum. A child that ran for
  /// at least that maximum begins from the minimum again.
  twinwire::Duration backoff_min = std::chrono::milliseconds(100);
  twinwire::Duration backoff_max = std::chrono::seconds(30);
  /// A child that would be restarted more often than this within the period is given up.
  int restarts_max = 5;
  twinwire::Duration period = std::chrono::minutes(1);
  /// From SIGTERM to SIGKILL.
  twinwire::Duration stop_timeout = std::chrono::seconds(5);
};

/// Reads a configuration: `KEY = VALUE` lines, for the child whose `[NAME]` stands before them, or, before
/// the first one, for all. `#` begins a comment. Keys: command, restart (always, on-failure, never),
/// backoff_min, backoff_max, period, stop_timeout (250ms, 5s), restarts_max. A command is words, not a line
/// for a shell; quotes keep blanks together. Throws std::invalid_argument, naming the line, for what it does
/// not understand.
std::vector<ChildSettings> parse_settings(std::string_view text);

}  // namespace supervisor
