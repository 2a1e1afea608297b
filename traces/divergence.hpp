// Where two runs of one seed begin to differ: what a failure that is not confirmed asks for.
#pragma once

#include <twinwire/traces/run.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::traces {

/// How two runs of one seed compare that had a fresh process each.
struct Divergence {
  enum class Kind : std::uint8_t {
    none,    ///< they did the same
    logged,  ///< their logs tell where they part
    unseen,  ///< their logs are the same, but they are not: something differs that no log has a line for
    others,  ///< they did the same, and a third one did not
  };
  Kind kind = Kind::none;
  /// How many lines of the logs were the same before.
  std::uint64_t same = 0;
  /// The first lines that were not. An empty one: that run had ended.
  std::array<std::string, 2> next;
  /// What both did, if they did the same.
  std::optional<RunOutcome> outcome;
};

/// Whether two runs ended in the same way and with the same fingerprint.
bool did_the_same(const RunOutcome& a, const RunOutcome& b);

/// Runs a command for one seed twice, at the same time, and compares the logs as they come, up to the first
/// difference. "{fd}" in it stands for the descriptor to which a run writes log and outcome. Throws
/// Interrupted, and std::runtime_error if the command cannot be run or hangs.
Divergence find_divergence(const std::vector<std::string>& command, std::uint64_t seed,
                           std::chrono::milliseconds timeout);

/// For people, several lines.
std::string describe_divergence(const Divergence& found);

}  // namespace twinwire::traces
