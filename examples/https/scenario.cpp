#include "scenario.hpp"

#include "server.hpp"
#include "visitor.hpp"

#include <twinwire/net/task.hpp>

#include <memory>
#include <simulated_identity.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace https {
namespace {

constexpr std::uint32_t buffer_size = 16 * 1024;
/// More than all buffers on the way hold. The last of the pieces of 64 KiB that a socket takes at once is
/// nearly full.
constexpr std::size_t large_size = 7 * 64 * 1024 - 1000;

std::shared_ptr<const Site> scenario_site() {
  Site site;
  site.add("/index.html", "<p>Hello</p>");
  site.add("/style.css", "p { color: green }");
  std::string large;
  while (large.size() < large_size) large += std::to_string(large.size()) + ' ';
  site.add("/large.bin", large);
  return std::make_shared<const Site>(std::move(site));
}

}  // namespace

twinwire::sim::WorldOptions scenario_world() {
  twinwire::sim::WorldOptions options;
  options.link = twinwire::sim::LinkOptions::rough();
  options.host.send_buffer_size = buffer_size;
  options.host.receive_buffer_size = buffer_size;
  return options;
}

void run_scenario(twinwire::sim::World& world, int visitors) {
  const auto site = scenario_site();
  twinwire::Loop& loop = world.add_host("server").loop();
  twinwire::socket_acceptor acceptor(loop);
  twinwire::ServerOptions where("", 443);
  where.tls = examples::simulated_server();
  run_until_complete(loop, [&]() -> twinwire::awaitable<void> {
    co_await acceptor.async_listen(where, twinwire::use_awaitable);
    spawn(loop, serve(acceptor, site), "serve", twinwire::TaskOptions(true));
  });
  twinwire::ConnectOptions there("server", 443);
  there.tls = examples::simulated_client();
  std::vector<std::unique_ptr<Visitor>> all;
  const auto arrive = [&](const std::string& name) -> Visitor& {
    all.push_back(std::make_unique<Visitor>(world.add_host(name).loop(), name, *site, there));
    return *all.back();
  };
  for (int i = 1; i <= visitors; ++i) {
    const std::string name = "visitor" + std::to_string(i);
    Visitor& visitor = arrive(name);
    spawn(world.host(name).loop(), visitor.visit(), name);
  }
  Visitor& sleeper = arrive("sleeper");
  spawn(world.host("sleeper").loop(), sleeper.fall_asleep("/large.bin"), "sleeper");
  Visitor& dozer = arrive("dozer");
  spawn(world.host("dozer").loop(), dozer.fall_asleep_at_the_end("/large.bin"), "dozer");
  world.run();
  if (const std::size_t left = acceptor.server().connections(); left != 0)
    throw std::logic_error("the server still has " + std::to_string(left) + " connections");
}

}  // namespace https
