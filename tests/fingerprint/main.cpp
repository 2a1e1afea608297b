// Prints a line for each scenario and seed. The same text on every compiler, with every standard library, in
// every process: tests/fingerprint/compare.py checks that.
#include "scenarios.hpp"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

int main() {
  constexpr std::uint64_t seeds = 3;
  for (const fingerprint::Scenario& scenario : fingerprint::scenarios) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const char* name = scenario.name.data();
      twinwire::sim::World world(seed);
      world.choices().record();
      try {
        scenario.run(world);
      } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s, seed %" PRIu64 ": %s\n", name, seed, failure.what());
        return EXIT_FAILURE;
      }
      std::printf("%-8s seed %" PRIu64 "  %016" PRIx64 "  %" PRIu64 " events  %zu decisions  %" PRId64
                  " ns\n",
                  name, seed, world.fingerprint(), world.events(), world.choices().decisions().size(),
                  static_cast<std::int64_t>(world.time().time_since_epoch().count()));
    }
  }
}
