// What a connection can run into: addresses that refuse or stay silent, servers that keep a recorder for each
// client, names that mean what a test wants.
#pragma once

#include "recorder.hpp"
#include "stage.hpp"

#include <twinwire/net/connection.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/wire/backend.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace twinwire::contract {

/// What the function returns, called as users call: no callback may be made inside.
template <class F>
auto as_user(F&& function) {
  const UserCall inside;
  return function();
}

/// Whether the system has this address, and so its family.
bool has_address(Loop& loop, const std::string& host);

/// A port that no stream socket has on any address, and no datagram socket on one of IPv4, below those that
/// the system gives to whoever does not choose.
std::uint16_t free_port(Stage& stage);

/// An address where nobody listens, and nobody else can begin to: connections are refused.
class RefusingAddress {
 public:
  explicit RefusingAddress(Stage& stage) : RefusingAddress(stage, stage.server_address()) {}
  /// Of a family that the system does not have, it is an address that cannot be reached.
  RefusingAddress(Stage& stage, const std::string& host);
  const Address& address() const noexcept { return address_; }
  operator Address() const noexcept { return address_; }  // NOLINT: it stands for its address

 private:
  std::unique_ptr<Acceptor> bound_;
  Address address_;
};

/// An address where connections are neither taken nor refused: its backlog is full, and nobody accepts.
class SilentAddress {
 public:
  explicit SilentAddress(Stage& stage);
  ~SilentAddress();
  const Address& address() const noexcept { return address_; }
  operator Address() const noexcept { return address_; }  // NOLINT: it stands for its address
  /// From now on it refuses: whoever still tries will hear of it, a second later.
  void give_up();

 private:
  class Filler;

  std::unique_ptr<Acceptor> acceptor_;
  Address address_;
  std::vector<std::unique_ptr<Filler>> fillers_;
};

/// A server with a recorder for each connection that it has accepted.
class Service {
 public:
  explicit Service(
      Stage& stage, ServerOptions options = {}, std::function<void(Recorder&)> prepare = [](Recorder&) {});
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() { server.close(); }

  std::size_t count() const noexcept { return accepted_->size(); }
  Recorder& operator[](std::size_t index) const { return *accepted_->at(index); }
  /// How many have not been lost.
  std::size_t alive() const;
  /// Where it listens.
  Address address() const { return server.sockets().at(0).sockname; }

  Server server;

 protected:
  /// `listen` makes the server, for this factory.
  Service(Stage& stage, std::function<void(Recorder&)> prepare,
          const std::function<Server(ProtocolFactory)>& listen);

 private:
  std::shared_ptr<std::vector<std::shared_ptr<Recorder>>> accepted_;
};

/// A create_connection that has begun, and what has come of it so far.
class Connecting {
 public:
  Connecting(Stage& stage, Loop& loop, ConnectOptions options);

  void cancel() const {
    as_user([&] { operation.cancel(); });
  }
  /// Until the operation has completed.
  void run();
  bool done() const noexcept { return outcome->done(); }
  int factory_calls() const noexcept { return *factory_calls_; }
  /// The attempts of the failure, "127.0.0.1:1 connection_refused".
  std::vector<std::string> attempts() const;

  std::shared_ptr<Recorder> protocol;
  std::shared_ptr<Outcome<Connection>> outcome = Outcome<Connection>::make();
  Operation operation;

 protected:
  using Begin = std::function<Operation(ProtocolFactory, Completion<Connection>)>;
  /// `begin` begins the operation.
  Connecting(Stage& stage, const Begin& begin);

 private:
  Stage& stage_;
  std::shared_ptr<int> factory_calls_ = std::make_shared<int>(0);
};

/// Connects to the service, and waits for its end to be there too.
std::shared_ptr<Recorder> connect_to(Stage& stage, const Service& service);

/// Decides, while it lives, what names mean to a loop, and remembers what was asked.
class Names {
 public:
  explicit Names(Loop& loop);
  ~Names() { loop_.set_resolver(nullptr); }
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  void add(const std::string& host, std::vector<Address> addresses);
  void fail(const std::string& host, error_code error);
  /// Names that were not added are not answered until this is called.
  void answer_late(std::vector<Address> addresses);

  /// "host service" for each look-up.
  const std::vector<std::string>& asked() const noexcept { return state_->asked; }

 private:
  struct State {
    std::map<std::string, std::pair<error_code, std::vector<Address>>> answers;
    std::vector<ResolveHandler> pending;
    std::vector<std::string> asked;
  };

  Loop& loop_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Connects from a loop of the stage to the address and closes; how that failed, or nothing.
std::string error_of_connecting(Stage& stage, Loop& from, const Address& address);

}  // namespace twinwire::contract
