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

/// Rows "crossing" and "end and reset": from then on the two grounds are not compared with each other.
bool is_crossing(Kind kind, Group group, const Sight& before);
/// What the contract forbids, whatever a program does, in what one ground saw after everything has ended;
/// empty if there is nothing.
std::string forbidden(const Sight& sight);
/// What is wrong with how everything has ended on a ground that is not compared; empty if nothing is. Rows
/// "crossing" and "child" say what may be. `secure`: by TLS, at last.
std::string wrong_at_end(Kind kind, bool secure, const Sight& sight);

/// Row "overfull": when more was written than the buffers hold, and its writer does not wait until it is
/// read, how much of it comes depends on what the system had taken.
enum class Cut : std::uint8_t {
  never,
  by_error,  ///< the writer closes, and the reader meets an error before it has read all
  by_abort,  ///< the writer aborts
};

/// Whether the two are the same, but for what may be cut off. Row "datagrams": the order of errors among
/// datagrams is not compared, nor how often it is told that nobody listens.
bool same(Kind kind, const Observation& simulated, const Observation& real, Cut cut);

/// Whether the real end may still come to see what is expected, when more happens. If not, nobody has to
/// wait.
bool may_become_same(Kind kind, const Observation& simulated, const Observation& real, Cut cut);

}  // namespace twinwire::differential
