#include "greeting.hpp"

#include <twinwire/sim/world.hpp>

#include <cstdio>

int main() {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    twinwire::sim::WorldOptions options;
    options.loopback = twinwire::sim::LinkOptions::rough();
    twinwire::sim::World world(seed, options);
    std::string greeting;
    exchange_greeting(world.add_host("host").loop(), [&](std::string text) { greeting = std::move(text); });
    world.run();
    if (greeting == "hello, twin") continue;
    std::fprintf(stderr, "seed %llu: \"%s\"\n", static_cast<unsigned long long>(seed), greeting.c_str());
    return 1;
  }
  std::puts("greeted in 20 simulated worlds");
}
