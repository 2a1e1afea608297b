// The table of allowed outcomes, of docs/differential.md: where reality itself may go one way or the other.
#pragma once

#include "endpoint.hpp"
#include "program.hpp"

#include <array>
#include <span>
#include <string>

namespace twinwire::differential {

/// What both ends have seen at a moment when nothing is left to happen.
using Sight = std::array<Observation, 2>;
/// Steps that follow each other while no loop runs.
using Group = std::span<const Step>;

/// Row "crossing": one side ends the connection while the other one sends or ends it, too. From then on the
/// two grounds are not compared with each other.
bool is_crossing(Kind kind, Group group);
/// Row "crossing": what is wrong with what one ground saw, after everything has ended; empty if nothing is.
std::string wrong_after_crossing(const Sight& sight);

/// Whether the two are the same. Row "reset": how many of the bytes that are on their way come before a reset
/// is only the same if all of them fit into the buffers; `overfull` tells that this side's peer wrote more.
bool same(const Observation& simulated, const Observation& real, bool overfull);

/// More than all buffers between two ends hold.
constexpr std::uint32_t large_size = 400'000;

}  // namespace twinwire::differential
