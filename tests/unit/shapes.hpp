// Small scenarios for tests of exploring: they pass, fail for some seeds, crash, or hang.
#pragma once

#include "endpoints.hpp"

#include <twinwire/net/choices.hpp>
#include <twinwire/traces/scenario.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

namespace twinwire::unit {

inline constexpr Purpose dice{"dice", "{entity}: the dice fell on {outcome}"};

/// One of 0 to 9, by the seed.
inline std::uint64_t roll(sim::World& world, std::uint64_t ordinal = 0) {
  return world.choices().draw(world.choices().site("table", dice), ordinal, 10);
}

inline traces::Scenario scenario(std::string name,
                                 std::function<void(sim::World&, const traces::Arguments&)> body) {
  traces::Scenario made;
  made.name = std::move(name);
  made.description = "a scenario of the tests";
  made.body = std::move(body);
  return made;
}

/// Throws on a host, in a callback, if the dice says so.
inline void fail_on(sim::World& world, std::uint64_t unlucky, const std::string& message) {
  sim::Host& host = world.add_host("table");
  host.loop().call_later(std::chrono::milliseconds(5), [&world, unlucky, message] {
    if (roll(world) == unlucky) throw std::runtime_error(message);
  });
  world.run();
}

/// One seed in ten throws, one in ten ends in a deadlock.
inline traces::Scenario unlucky_scenario() {
  return scenario("unlucky", [](sim::World& world, const traces::Arguments&) {
    if (roll(world) == 3) {
      world.add_host("waiting").loop().call_soon([] {});
      world.run_until([] { return false; });
    }
    fail_on(world, 7, "the dice fell on 7");
  });
}

/// A client sends this to a server; both are hosts of their own.
inline void send_once(sim::World& world, const std::string& text) {
  const std::string number = std::to_string(world.events());
  const Service service = serve(world.add_host("server" + number), 80);
  const auto connected = connect(world.add_host("client" + number), ConnectOptions("server" + number, 80));
  connected->protocol->transport.write(text);
  world.run();
}

/// A client sends over a rough link; it fails if the second of two segments was lost or cut.
inline traces::Scenario lossy_scenario() {
  traces::Scenario made = scenario("lossy", [](sim::World& world, const traces::Arguments& arguments) {
    sim::Host& server = world.add_host("server");
    sim::Host& client = world.add_host("client");
    const Service service = serve(server, 80);
    const auto connected = connect(client, ConnectOptions("server", 80));
    if (connected->failure) return;
    world.run();
    const Duration begin = world.time().time_since_epoch();
    connected->protocol->transport.write("a first message");
    world.run();
    connected->protocol->transport.write(arguments.get("text"));
    world.run();
    const Duration took = world.time().time_since_epoch() - begin;
    if (took > std::chrono::milliseconds(150)) throw std::runtime_error("it took too long");
  });
  made.options.link.loss = {1, 8};
  made.options.link.cut = {1, 4};
  made.options.link.rechunk = {1, 4};
  made.options.link.jitter = std::chrono::milliseconds(3);
  made.arguments = {{"text", "what is sent", "a second message", {}}};
  return made;
}

/// One seed in ten ends the process.
inline traces::Scenario crashing_scenario() {
  return scenario("crashing", [](sim::World& world, const traces::Arguments&) {
    sim::Host& host = world.add_host("fragile");
    host.loop().call_later(std::chrono::seconds(1), [&world] {
      if (roll(world) == 4) std::abort();
    });
    world.run();
  });
}

/// One seed in ten never comes back.
inline traces::Scenario hanging_scenario() {
  return scenario("hanging", [](sim::World& world, const traces::Arguments&) {
    sim::Host& host = world.add_host("stuck");
    host.loop().call_later(std::chrono::seconds(1), [&world] {
      while (roll(world) == 4) ::usleep(1000);
    });
    world.run();
  });
}

}  // namespace twinwire::unit
