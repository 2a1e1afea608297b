// A loop of each backend, for tests that hold on both: TEMPLATE_TEST_CASE("...", "", SimLoop, RealLoop).
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/sim/world.hpp>

#include <memory>

namespace twinwire {

struct SimLoop {
  sim::World world{1};
  Loop& loop = world.add_host("host").loop();
};

struct RealLoop {
  std::unique_ptr<Loop> owned = real::new_event_loop();
  Loop& loop = *owned;
};

}  // namespace twinwire
