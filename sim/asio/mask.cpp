#include <twinwire/sim/asio/mask.hpp>
#include <twinwire/sim/running_world.hpp>
#include <twinwire/sim/world.hpp>

namespace twinwire::sim {

bool is_simulated_now() noexcept {
  const World* const world = RunningWorld::get();
  return world && world->host_now();
}

std::uint32_t next_mask() {
  return static_cast<std::uint32_t>(RunningWorld::get()->host_now()->loop().random());
}

}  // namespace twinwire::sim
