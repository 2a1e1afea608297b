#include "harness.hpp"

#include <twinwire/net/wire/backend.hpp>

namespace twinwire::contract {
namespace {

/// Remembers what a wire or acceptor told.
class Notes final : public WireSink {
 public:
  void on_readable() override { readable = true; }
  void on_writable() override { writable = true; }
  void on_hang_up() override { hung_up = true; }
  bool readable = false;
  bool writable = false;
  bool hung_up = false;
};

std::unique_ptr<Acceptor> listen_raw(Stage& stage) {
  error_code error;
  auto acceptor = stage.server().backend().bind(Address::of(stage.server_address(), 0), {}, error);
  REQUIRE(error == error_code{});
  REQUIRE(acceptor->listen(8) == error_code{});
  return acceptor;
}

}  // namespace

NativeHandle accepted_socket(Stage& stage, Recorder& client_end) {
  const std::unique_ptr<Acceptor> acceptor = listen_raw(stage);
  Notes notes;
  acceptor->set_sink(&notes);
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client_end.factory(),
                                   {stage.server_address(), acceptor->local_address()->port()},
                                   outcome->completion());
  stage.run_until([&] { return outcome->done() && notes.readable; }, "a connection to accept");
  REQUIRE(outcome->succeeded());
  error_code error;
  const std::unique_ptr<Wire> wire = acceptor->accept(error);
  REQUIRE(error == error_code{});
  acceptor->close();
  return wire->release();
}

NativeHandle connected_socket(Stage& stage, const Server& listening) {
  error_code error;
  const Address remote = Address::of(stage.server_address(), listening.port());
  const std::unique_ptr<Wire> wire = stage.client().backend().connect(remote, std::nullopt, error);
  REQUIRE(error == error_code{});
  Notes notes;
  wire->set_sink(&notes);
  stage.run_until([&] { return notes.writable; }, "a raw connection");
  REQUIRE(wire->finish_connect() == error_code{});
  return wire->release();
}

NativeHandle listening_socket(Stage& stage) {
  return listen_raw(stage)->release();
}

NativeHandle datagram_socket(Stage& stage, const std::optional<Address>& peer) {
  detail::DatagramSocketOptions options;
  options.family = Family::ipv4;
  options.local = Address::of(stage.server_address(), 0);
  options.remote = peer;
  error_code error;
  const auto wire = stage.server().backend().open_datagram(options, error);
  REQUIRE(error == error_code{});
  return wire->release();
}

}  // namespace twinwire::contract
