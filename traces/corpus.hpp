// Repros that are kept in a folder, and replayed after each change: the failures that must not come back.
#pragma once

#include <twinwire/traces/replay.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::traces {

/// What came of one of them.
struct KeptRepro {
  std::filesystem::path file;
  /// What happened, if it could be replayed.
  std::optional<ReplayResult> result;
  /// Why it could not: it is damaged, or stale, or the system had no process for it.
  std::string error;
};

/// How many there are, and how they went.
struct CorpusResult {
  std::size_t gone = 0;
  std::size_t failed = 0;
  std::size_t not_replayed = 0;
};

/// Replays every file of the folder whose name ends in ".repro", in the order of their names, whatever came
/// of those before. Throws ReproError if the folder cannot be read, or has none.
CorpusResult replay_corpus(const std::filesystem::path& folder, const std::vector<Scenario>& scenarios,
                           const RunPlace& place, const std::function<void(const KeptRepro&)>& on_repro);

/// For people, a line.
std::string describe_kept(const KeptRepro& kept);

}  // namespace twinwire::traces
