// A whole run of two sides over a simulated network, as RapidCheck makes it up.
#pragma once

#include "stream_side.hpp"

#include <twinwire/net/choices.hpp>
#include <twinwire/sim/options.hpp>
#include <twinwire/sim/world.hpp>

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <rapidcheck.h>

namespace twinwire::property {

/// A step of a side at its time.
struct TimedStep {
  int side = 0;
  /// After the step before it, of either side.
  Duration wait{};
  Step step;
};

struct StreamProgram {
  sim::LinkOptions link;
  std::uint32_t send_buffer = 64 * 1024;
  std::uint32_t receive_buffer = 64 * 1024;
  std::array<SideProgram, 2> sides;
  std::vector<TimedStep> steps;
  /// Is mixed into every byte that is written.
  std::uint64_t salt = 0;
};

void showValue(const Step& step, std::ostream& os);
void showValue(const TimedStep& step, std::ostream& os);
void showValue(const StreamProgram& program, std::ostream& os);

/// Any program; `rude` ones also close and abort in the middle.
rc::Gen<StreamProgram> stream_programs(bool rude);

/// The options of a world for it.
sim::WorldOptions world_options(const StreamProgram& program);

/// What came of it.
struct StreamOutcome {
  /// Empty if all was as the contract has it.
  std::string verdict;
  bool connected = false;
  bool complete = false;
  std::array<std::uint64_t, 2> received{};
};

/// Runs it to its end in a world that has no hosts yet.
StreamOutcome run_stream(sim::World& world, const StreamProgram& program);

}  // namespace twinwire::property
