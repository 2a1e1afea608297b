// An outcome as lines of text, between processes of the same program.
#pragma once

#include <twinwire/traces/run.hpp>

#include <string>
#include <vector>

namespace twinwire::traces {

/// The lines of an outcome.
std::string encode(const RunOutcome& outcome);

/// Adds a line to the outcome that is being received; true if it was the last one.
bool decode_line(const std::vector<std::string>& words, RunOutcome& outcome);

}  // namespace twinwire::traces
