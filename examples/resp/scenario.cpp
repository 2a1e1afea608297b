#include "scenario.hpp"

#include "player.hpp"
#include "server.hpp"

#include <twinwire/net/loop.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace resp {
namespace {

constexpr int port = 6379;

/// Shorter than the network's own retransmission timeout: what is lost once comes too late.
constexpr twinwire::Duration reply_timeout = std::chrono::milliseconds(150);
constexpr std::size_t write_buffer_high = 8UL * 1024;

ClientOptions client_options(const std::string& name) {
  ClientOptions options;
  options.host = "server";
  options.port = port;
  options.name = name;
  options.timeout = reply_timeout;
  options.pause_min = std::chrono::milliseconds(40);
  // A lost SYN costs seconds: go on for as long as that takes.
  options.attempts_max = 20;
  options.tries_max = 10;
  return options;
}

}  // namespace

twinwire::sim::WorldOptions scenario_world() {
  twinwire::sim::WorldOptions options;
  options.link.latency = std::chrono::milliseconds(10);
  options.link.jitter = std::chrono::milliseconds(8);
  options.link.loss = {1, 2000};
  options.link.cut = {1, 400};
  options.link.rechunk = {1, 400};
  options.host.send_buffer_size = 8 * 1024;
  options.host.receive_buffer_size = 8 * 1024;
  return options;
}

void run_scenario(twinwire::sim::World& world, const ScenarioOptions& options) {
  twinwire::Loop& loop = world.add_host("server").loop();
  ServerOptions server_options;
  server_options.write_buffer_high = write_buffer_high;
  server_options.gathered_max = write_buffer_high;
  const auto server = Server::create(loop, server_options, options.mistakes);
  twinwire::Server listening;
  std::exception_ptr failure;
  loop.create_server(server->factory(), twinwire::ServerOptions("", port),
                     [&](std::exception_ptr why, twinwire::Server made) {
                       failure = std::move(why);
                       listening = std::move(made);
                     });
  std::vector<std::unique_ptr<Player>> players;
  for (int i = 1; i <= options.clients; ++i) {
    const std::string name = "client" + std::to_string(i);
    players.push_back(std::make_unique<Player>(world.add_host(name).loop(), client_options(name),
                                               options.rounds, i % 2 == 0, options.mistakes));
    players.back()->start();
  }
  world.run_until([&] {
    for (const auto& player : players) {
      if (player->failure()) failure = player->failure();
    }
    return failure || std::ranges::all_of(players, &Player::done);
  });
  if (failure) std::rethrow_exception(failure);
  // Everybody has gone: nothing may be left over.
  listening.close();
  world.run();
}

}  // namespace resp
