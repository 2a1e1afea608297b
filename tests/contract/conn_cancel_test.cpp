// Connecting that is cancelled, or whose factory fails.
#include "endpoints.hpp"
#include "harness.hpp"
#include "raw_socket.hpp"

#include <chrono>
#include <stdexcept>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

CONTRACT_TEST("CONN-09", "cancelling while the name is resolved ends with operation_aborted") {
  const Service service(stage);
  Names names(stage.client());
  const std::size_t before = stage.open_descriptors();
  Connecting connecting(stage, stage.client(), {"unanswered.test", 80});
  stage.settle();
  CHECK_FALSE(connecting.done());
  connecting.cancel();
  CHECK_FALSE(connecting.done());
  connecting.cancel();
  connecting.run();
  CHECK(connecting.outcome->error() == "operation_aborted");
  names.answer_late({service.address()});
  stage.settle();
  CHECK(connecting.factory_calls() == 0);
  CHECK(service.count() == 0);
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("CONN-09", "cancelling while the system looks the name up ends with operation_aborted") {
  Connecting connecting(stage, stage.server(), {"localhost", 9});
  connecting.cancel();
  connecting.run();
  CHECK(connecting.outcome->error() == "operation_aborted");
  stage.settle();
  CHECK(connecting.factory_calls() == 0);
}

CONTRACT_TEST("CONN-09", "cancelling while connecting ends with operation_aborted and closes every socket") {
  stage.calm();
  const SilentAddress silent(stage);
  const SilentAddress silent_too(stage);
  Names names(stage.client());
  names.add("several.test", {silent, silent_too});
  for (const bool overlapping : {false, true}) {
    const std::size_t before = stage.open_descriptors();
    ConnectOptions options("several.test", 80);
    if (overlapping) options.happy_eyeballs_delay = 1ms;
    Connecting connecting(stage, stage.client(), options);
    stage.run_until([&] { return stage.open_descriptors() == before + (overlapping ? 2 : 1); }, "attempts");
    stage.run_for(50ms);
    CHECK(stage.open_descriptors() == before + (overlapping ? 2 : 1));
    connecting.cancel();
    CHECK(stage.open_descriptors() == before);
    CHECK_FALSE(connecting.done());
    connecting.run();
    CHECK(connecting.outcome->error() == "operation_aborted");
    stage.settle();
    CHECK(connecting.factory_calls() == 0);
    CHECK(stage.open_descriptors() == before);
  }
}

CONTRACT_TEST("CONN-09",
              "cancelling at any turn gives either a connection or operation_aborted, and no leak") {
  stage.calm();
  const Service service(stage);
  Names names(stage.client());
  names.add("server.test", {service.address()});
  const std::size_t before = stage.open_descriptors();
  int connected = 0;
  for (int turns = 0; turns < 12; ++turns) {
    Connecting connecting(stage, stage.client(), {"server.test", 80});
    if (stage.simulated()) {
      stage.run_for(turns * 250us);
    } else {
      stage.turns(stage.client(), turns);
    }
    if (turns == 11) connecting.run();
    const bool was_done = connecting.done();
    connecting.cancel();
    connecting.run();
    if (connecting.outcome->succeeded()) {
      CHECK(was_done);
      CHECK(connecting.factory_calls() == 1);
      connecting.protocol->transport.close();
      stage.run_until_lost(*connecting.protocol);
      ++connected;
    } else {
      CHECK(connecting.outcome->error() == "operation_aborted");
      CHECK(connecting.factory_calls() == 0);
    }
    stage.settle();
    stage.run_until([&] { return service.alive() == 0; }, "the server to notice");
    CHECK(stage.open_descriptors() == before);
  }
  CHECK(connected > 0);
  CHECK(connected < 12);
}

CONTRACT_TEST("CONN-09",
              "cancelling inside the factory still ends with operation_aborted, without a protocol") {
  const Service service(stage);
  const std::size_t before = stage.open_descriptors();
  const auto recorder = stage.recorder("client");
  const auto outcome = Outcome<Connection>::make();
  Operation operation;
  const auto make_protocol = [&] {
    as_user([&] { operation.cancel(); });
    return recorder->protocol();
  };
  operation = as_user([&] {
    return stage.client().create_connection(make_protocol, stage.address_of(service.server),
                                            outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the operation to end");
  CHECK(outcome->error() == "operation_aborted");
  CHECK_FALSE(recorder->made());
  stage.settle();
  stage.run_until([&] { return service.alive() == 0; }, "the server to notice");
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("CONN-10",
              "a factory that throws fails the operation with that error, and the socket is closed") {
  const Service service(stage);
  const std::size_t before = stage.open_descriptors();
  const auto outcome = Outcome<Connection>::make();
  const Operation operation = as_user([&] {
    return stage.client().create_connection(
        []() -> std::shared_ptr<BaseProtocol> { throw std::out_of_range("no protocol today"); },
        stage.address_of(service.server), outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the operation to fail");
  REQUIRE(outcome->failure != nullptr);
  CHECK_THROWS_AS(std::rethrow_exception(outcome->failure), std::out_of_range);
  CHECK(outcome->message() == "no protocol today");
  CHECK_FALSE(outcome->value.transport);
  stage.run_until([&] { return service.count() == 1 && service[0].lost(); }, "the server's end to be lost");
  CHECK(service[0].events() == "CM ER CL");
  CHECK(stage.open_descriptors() == before);
  CHECK(stage.take_reports().empty());
}

CONTRACT_TEST("CONN-10", "a factory that returns nothing fails the operation, and the socket is closed") {
  const Service service(stage);
  const std::size_t before = stage.open_descriptors();
  const auto outcome = Outcome<Connection>::make();
  as_user([&] {
    stage.client().create_connection([] { return nullptr; }, stage.address_of(service.server),
                                     outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the operation to fail");
  CHECK_THROWS_AS(std::rethrow_exception(outcome->failure), std::logic_error);
  stage.run_until([&] { return service.count() == 1 && service[0].lost(); }, "the server's end to be lost");
  CHECK(stage.open_descriptors() == before);
}

/// Opens a socket that takes the lowest free number.
std::unique_ptr<Wire> open_socket(Stage& stage, const Address& remote) {
  error_code error;
  std::unique_ptr<Wire> wire = stage.client().backend().connect(remote, std::nullopt, error);
  REQUIRE(wire != nullptr);
  return wire;
}

CONTRACT_TEST("CONN-11",
              "cancelling right after a socket was adopted closes it once, and no other of its number") {
  const Service service(stage);
  const Service other(stage);
  const auto connect = [&](NativeHandle handle, const std::shared_ptr<Outcome<Connection>>& outcome) {
    ConnectOptions options;
    options.sock = handle;
    return stage.client().create_connection(stage.recorder("client")->factory(), options,
                                            outcome->completion());
  };
  const auto accept = [&](NativeHandle handle, const std::shared_ptr<Outcome<Connection>>& outcome) {
    return stage.client().connect_accepted_socket(stage.recorder("client")->factory(), handle,
                                                  outcome->completion());
  };
  const std::size_t before = stage.open_descriptors();
  for (const auto& adopt : {std::function(connect), std::function(accept)}) {
    const std::size_t count = service.count();
    const NativeHandle handle = connected_socket(stage, service.server);
    stage.run_until([&] { return service.count() == count + 1; }, "the socket to be accepted");
    const auto outcome = Outcome<Connection>::make();
    Operation operation = as_user([&] { return adopt(handle, outcome); });
    as_user([&] { operation.cancel(); });
    const std::size_t others = other.count();
    const std::unique_ptr<Wire> reused = open_socket(stage, other.address());
    CHECK(reused->native_handle() == handle);
    as_user([&] { operation.cancel(); });
    stage.run_until([&] { return outcome->done(); }, "the operation to end");
    CHECK(outcome->error() == "operation_aborted");
    stage.run_until_lost(service[count]);  // it was closed
    CHECK(service[count].events() == "CM ER CL");
    operation = Operation();
    stage.settle();

    // The number belongs to somebody else now, who is not disturbed.
    stage.run_until([&] { return other.count() == others + 1; }, "the other socket to be accepted");
    Recorder& other_end = other[others];
    CHECK_FALSE(other_end.lost());
    ConnectOptions options;
    options.sock = reused->release();
    Connecting alive(stage, stage.client(), options);
    alive.run();
    CHECK(alive.outcome->succeeded());
    alive.protocol->transport.write("still here");
    stage.run_until_received(other_end, 10);
    alive.protocol->transport.close();
    stage.run_until_lost(other_end);
  }
  stage.settle();
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("CONN-11", "a socket that was adopted and not cancelled becomes a connection") {
  const Service service(stage);
  ConnectOptions options;
  options.sock = connected_socket(stage, service.server);
  Connecting connecting(stage, stage.client(), options);
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  connecting.cancel();  // too late
  connecting.protocol->transport.write("hello");
  stage.run_until([&] { return service.count() == 1 && service[0].received() == "hello"; }, "a message");
  CHECK(connecting.protocol->events() == "CM");
}

CONTRACT_TEST("CONN-09", "a look-up that was abandoned begins no connection when it is answered after all") {
  Loop& loop = stage.client();
  int accepted = 0;
  const auto made = Outcome<Server>::make();
  loop.create_server(
      [&accepted, recorder = stage.recorder("accepted")] { return ++accepted, recorder->protocol(); },
      ServerOptions("127.0.0.1", 0), made->completion());
  stage.run_until([&] { return made->done(); }, "the server");
  Connecting connecting(stage, loop, ConnectOptions("localhost", made->value.port()));
  connecting.cancel();
  connecting.run();
  CHECK(connecting.outcome->error() == "operation_aborted");
  stage.settle();
  CHECK(accepted == 0);
  made->value.close();
}

}  // namespace
}  // namespace twinwire::contract
