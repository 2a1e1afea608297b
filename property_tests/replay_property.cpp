// The same decisions give the same run, wherever they come from.
#include "property.hpp"
#include "stream_program.hpp"

#include <twinwire/traces/run.hpp>

#include <cstdint>
#include <string>

namespace twinwire::property {
namespace {

/// A run of the program, as exploring, shrinking and replaying do it.
traces::RunOutcome run(const StreamProgram& program, const traces::RunRequest& request) {
  traces::Scenario scenario;
  scenario.options = world_options(program);
  scenario.body = [&](sim::World& world, const traces::Arguments&) {
    const StreamOutcome outcome = run_stream(world, program);
    if (!outcome.verdict.empty()) throw std::logic_error(outcome.verdict);
  };
  return run_scenario(scenario, {}, request);
}

rc::Gen<std::uint64_t> seeds() {
  return rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
}

void require_same(const traces::RunOutcome& a, const traces::RunOutcome& b) {
  RC_ASSERT(a.message == b.message);
  RC_ASSERT(a.fingerprint == b.fingerprint);
  RC_ASSERT(a.events == b.events);
  RC_ASSERT((a.virtual_time == b.virtual_time));
}

PROPERTY("a seed gives the same run twice, recorded or not") {
  const StreamProgram program = *stream_programs(true);
  const auto seed = *seeds();
  const traces::RunOutcome first = run(program, {seed, Base::seed, {}, false});
  require_same(run(program, {seed, Base::seed, {}, false}), first);
  require_same(run(program, {seed, Base::seed, {}, true}), first);
}

PROPERTY("the recorded decisions on a calm base give the run of the seed") {
  const StreamProgram program = *stream_programs(true);
  const auto seed = *seeds();
  const traces::RunOutcome recorded = run(program, {seed, Base::seed, {}, true});
  traces::RunRequest request{seed, Base::calm, {}, true};
  for (const Decision& decision : recorded.decisions) {
    request.overrides.emplace_back(decision.address, decision.outcome);
    RC_ASSERT(decision.sentence.find('{') == std::string::npos);
  }
  const traces::RunOutcome replayed = run(program, request);
  require_same(replayed, recorded);
  RC_ASSERT(replayed.unreached.empty());
  RC_ASSERT(replayed.decisions.size() == recorded.decisions.size());
}

PROPERTY("what is sent is in the fingerprint") {
  StreamProgram program = *stream_programs(false);
  const auto seed = *seeds();
  const traces::RunOutcome before = run(program, {seed, Base::seed, {}, false});
  program.salt = 1;
  const traces::RunOutcome after = run(program, {seed, Base::seed, {}, false});
  RC_ASSERT(after.events == before.events);
  sim::World world(seed, world_options(program));
  const StreamOutcome outcome = run_stream(world, program);
  const bool bytes_came = outcome.received[0] + outcome.received[1] != 0;
  RC_ASSERT((after.fingerprint != before.fingerprint) == bytes_came);
}

}  // namespace
}  // namespace twinwire::property
