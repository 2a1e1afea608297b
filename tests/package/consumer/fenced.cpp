#include <twinwire/sim/world.hpp>

#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace {

/// When the world begins: with the year 2026.
constexpr std::time_t start = 1'767'225'600;

}  // namespace

int main() {
  twinwire::sim::World world(1);
  std::time_t now = 0;
  world.add_host("host").loop().call_soon([&] {
    now = std::time(nullptr);
    ::usleep(1);
  });
  try {
    world.run();
  } catch (const twinwire::sim::SimulationError& error) {
    std::printf("fenced at %lld: %s\n", static_cast<long long>(now), error.what());
    return error.kind() == twinwire::sim::FailureKind::fence && now == start ? 0 : 1;
  }
  return 1;
}
