// The two ends of simulated connections, and what they saw.
#pragma once

#include <twinwire/net/connection.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/observer.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/sim/world.hpp>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace twinwire::unit {

/// Notes its callbacks: "CM", "DR", "ER", "CL", and what came.
class Recorder final : public Protocol {
 public:
  void connection_made(Transport made) override {
    transport = std::move(made);
    events += "CM ";
  }
  void data_received(Bytes data) override {
    if (!events.ends_with("DR ")) events += "DR ";
    received += as_text(data);
  }
  bool eof_received() override {
    events += "ER ";
    return keep_open;
  }
  void connection_lost(error_code error) override {
    events += "CL ";
    lost = true;
    reason = error;
  }

  Transport transport;
  std::string events;
  std::string received;
  error_code reason;
  bool lost = false;
  bool keep_open = false;
};

/// Counts what happens, by name.
class Counting final : public Observer {
 public:
  void observe(const Observation& observation) override { ++counts[std::string(observation.what)]; }
  std::map<std::string, int> counts;
};

/// A server, and the protocols of its connections.
struct Service {
  Server server;
  std::shared_ptr<std::vector<std::shared_ptr<Recorder>>> accepted =
      std::make_shared<std::vector<std::shared_ptr<Recorder>>>();

  std::size_t count() const { return accepted->size(); }
  Recorder& operator[](std::size_t index) const { return *accepted->at(index); }
};

/// Runs the world until the host serves; throws what made it fail.
inline Service serve(sim::Host& host, ServerOptions options) {
  Service service;
  bool done = false;
  std::exception_ptr failed;
  host.loop().create_server(
      [accepted = service.accepted] {
        accepted->push_back(std::make_shared<Recorder>());
        return accepted->back();
      },
      std::move(options),
      [&](std::exception_ptr failure, Server server) {
        failed = std::move(failure);
        service.server = std::move(server);
        done = true;
      });
  host.world().run_until([&] { return done; });
  if (failed) std::rethrow_exception(failed);
  return service;
}

inline Service serve(sim::Host& host, int port) {
  return serve(host, ServerOptions("", port));
}

/// A connection that is asked for: its protocol, and how the asking ended.
struct Client {
  std::shared_ptr<Recorder> protocol = std::make_shared<Recorder>();
  bool done = false;
  std::exception_ptr failure;
  /// When it was done, since the beginning of the world.
  Duration when{};

  error_code error() const { return error_code_of(failure); }
  std::string message() const { return message_of(failure); }
};

inline std::shared_ptr<Client> start_connecting(sim::Host& host, ConnectOptions options) {
  auto client = std::make_shared<Client>();
  host.loop().create_connection([protocol = client->protocol] { return protocol; }, std::move(options),
                                [client, &host](std::exception_ptr failure, const Connection&) {
                                  client->failure = std::move(failure);
                                  client->when = host.world().time().time_since_epoch();
                                  client->done = true;
                                });
  return client;
}

/// Runs the world until it is connected, or not.
inline std::shared_ptr<Client> connect(sim::Host& host, ConnectOptions options) {
  auto client = start_connecting(host, std::move(options));
  host.world().run_until([&] { return client->done; });
  return client;
}

/// What a run reports; fails the test if it reports nothing.
template <class F>
sim::SimulationError report_of(F run) {
  try {
    run();
  } catch (const sim::SimulationError& error) {
    return error;
  }
  throw std::logic_error("no report, where one was expected");
}

}  // namespace twinwire::unit
