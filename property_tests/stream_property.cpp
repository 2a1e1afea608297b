// Streams over any link, with anything that two users may do to them.
#include "property.hpp"
#include "stream_program.hpp"

#include <twinwire/net/error.hpp>
#include <twinwire/sim/failure.hpp>

#include <cstdint>
#include <string>

namespace twinwire::property {
namespace {

StreamOutcome run(std::uint64_t seed, const StreamProgram& program) {
  sim::World world(seed, world_options(program));
  try {
    return run_stream(world, program);
  } catch (const sim::SimulationError& error) {
    StreamOutcome outcome;
    outcome.verdict = error.what();
    return outcome;
  }
}

PROPERTY("the bytes that are received are those that were written, in order and complete") {
  const StreamProgram program = *stream_programs(false);
  const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
  const StreamOutcome outcome = run(seed, program);
  RC_ASSERT(outcome.verdict == "");
  RC_ASSERT(outcome.complete == outcome.connected);
}

PROPERTY("a stream keeps the contract whenever and however its users close and abort it") {
  const StreamProgram program = *stream_programs(true);
  const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
  const StreamOutcome outcome = run(seed, program);
  RC_ASSERT(outcome.verdict == "");
}

}  // namespace
}  // namespace twinwire::property
