#include <twinwire/sim/fence/refusal.hpp>
#include <twinwire/sim/fence/stack_trace.hpp>
#include <twinwire/sim/world.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace twinwire::sim::fence {
namespace {

constexpr int refusals_max = 10'000;

/// Of the event that is going on.
struct Refusals {
  const World* world = nullptr;
  std::uint64_t event = 0;
  int count = 0;
};
constinit thread_local Refusals refusals;

void count_refusal(const World& world, const std::string& sentence) {
  if (refusals.world != &world || refusals.event != world.events()) {
    refusals = {&world, world.events(), 0};
  }
  if (++refusals.count < refusals_max) return;
  std::fprintf(stderr, "%s\nrefused %d times within one event: it does not end\n%s\n", sentence.c_str(),
               refusals_max, stack_trace().c_str());
  std::abort();
}

}  // namespace

void refuse(const char* call, const Rule& rule) noexcept {
  const int kept = errno;
  World& world = *RunningWorld::get();
  const Unfenced unfenced;
  const std::string sentence =
      std::string(call) + " was called under simulation: " + rule.reason + "; " + rule.instead;
  count_refusal(world, sentence);
  // The run reports the first failure only, and tracing takes long.
  if (!world.unhandled_failure()) {
    world.fail(FailureKind::fence, world.current_host(), sentence + "\n" + stack_trace());
  }
  errno = kept;
}

int not_permitted() noexcept {
  errno = EPERM;
  return -1;
}

}  // namespace twinwire::sim::fence
