// Somebody who serves and somebody who asks: two hosts of a world, or one real loop.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace twinwire {

inline sim::WorldOptions with_links(const sim::LinkOptions& link) {
  sim::WorldOptions options;
  options.link = link;
  return options;
}

struct SimHosts {
  explicit SimHosts(std::uint64_t seed = 1, const sim::LinkOptions& link = sim::LinkOptions::rough())
      : SimHosts(Choices(seed), link) {}
  SimHosts(Choices choices, const sim::LinkOptions& link) : world(std::move(choices), with_links(link)) {}

  sim::World world;
  sim::Host& server_host = world.add_host("server");
  sim::Host& client_host = world.add_host("client");
  Loop& server = server_host.loop();
  Loop& client = client_host.loop();
  const std::string name = "server";
};

struct RealHosts {
  std::unique_ptr<Loop> owned = real::new_event_loop();
  Loop& server = *owned;
  Loop& client = *owned;
  const std::string name = "127.0.0.1";
};

}  // namespace twinwire
