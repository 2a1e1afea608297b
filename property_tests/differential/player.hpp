// Runs a program on both grounds, and compares what its ends saw.
#pragma once

#include "ground.hpp"
#include "program.hpp"

#include <array>
#include <string>
#include <vector>

namespace twinwire::differential {

/// What both ends have seen at a moment when nothing is left to happen.
using Sight = std::array<Observation, 2>;

/// Why the two differ, with both lists of events; empty if they do not.
std::string difference(const Program& program, Ground& simulated, Ground& real);

}  // namespace twinwire::differential
