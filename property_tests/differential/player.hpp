// Runs a program on both grounds, and compares what its ends saw.
#pragma once

#include "ground.hpp"
#include "program.hpp"

#include <string>

namespace twinwire::differential {

/// Why the two differ, with both lists of events; empty if they do not.
std::string difference(const Program& program, Ground& simulated, Ground& real);

}  // namespace twinwire::differential
