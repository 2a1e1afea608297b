// How a server ends, and what becomes of its connections.
#include "endpoints.hpp"
#include "harness.hpp"

#include <chrono>
#include <stdexcept>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

constexpr int small_buffer = 16 * 1024;

/// A wait_closed that has begun.
std::shared_ptr<Outcome<bool>> wait_closed(const Server& server) {
  const auto outcome = Outcome<bool>::make();
  as_user([&] { server.wait_closed(outcome->void_completion()); });
  return outcome;
}

void close(const Server& server) {
  as_user([&] { server.close(); });
}

CONTRACT_TEST("SRV-03", "close stops listening at once; connections that were accepted live on") {
  const Service service(stage);
  const Address address = service.address();
  const auto client = connect_to(stage, service);
  const std::size_t before = stage.open_descriptors();
  close(service.server);
  CHECK_FALSE(service.server.is_serving());
  CHECK(service.server.sockets().empty());
  CHECK(service.server.port() == 0);
  CHECK(stage.open_descriptors() == before - 1);
  CHECK(error_of_connecting(stage, stage.client(), address) == "connection_refused");
  CHECK(service.count() == 1);

  client->transport.write("hello");
  stage.run_until_received(service[0], 5);
  service[0].transport.write("world");
  stage.run_until_received(*client, 5);
  CHECK(service[0].events() == "CM DR:hello");

  close(service.server);  // again, which is harmless
  client->transport.close();
  stage.run_until_lost(service[0]);
  CHECK(service[0].events() == "CM DR:hello ER CL");
  close(service.server);
}

CONTRACT_TEST("SRV-03", "a server can be closed by a protocol that it has just made") {
  Server server;
  const auto accepted = stage.recorder("accepted");
  accepted->on_made = [&] { server.close(); };
  server = stage.listen(accepted->factory());
  Connecting client(stage, stage.client(), stage.address_of(server));
  client.run();
  stage.run_until([&] { return accepted->made(); }, "the connection to be accepted");
  CHECK(client.outcome->succeeded());
  CHECK(server.sockets().empty());
  stage.settle();
  CHECK(accepted->events() == "CM");
  CHECK(client.protocol->events() == "CM");
}

CONTRACT_TEST("SRV-04", "wait_closed completes when the server is closed and then its connections are lost") {
  const Service service(stage);
  const auto first = connect_to(stage, service);
  const auto second = connect_to(stage, service);
  const auto waiting = wait_closed(service.server);
  const auto also_waiting = wait_closed(service.server);
  close(service.server);
  first->transport.close();
  stage.run_until_lost(service[0]);
  stage.settle();
  CHECK_FALSE(waiting->done());
  second->transport.close();
  bool lost_before = false;
  stage.run_until([&] { return lost_before = service[1].lost(), waiting->done(); },
                  "the server to be closed");
  CHECK(lost_before);
  CHECK(waiting->succeeded());
  stage.run_until([&] { return also_waiting->done(); }, "the second wait");
  CHECK(also_waiting->succeeded());
}

CONTRACT_TEST("SRV-04", "wait_closed completes when the connections are lost and then the server is closed") {
  const Service service(stage);
  const auto client = connect_to(stage, service);
  const auto waiting = wait_closed(service.server);
  service[0].transport.close();
  stage.run_until_lost(service[0]);
  stage.settle();
  CHECK_FALSE(waiting->done());
  close(service.server);
  stage.run_until([&] { return waiting->done(); }, "the server to be closed");
  CHECK(waiting->succeeded());
}

CONTRACT_TEST("SRV-04", "wait_closed returns at once when all is over already") {
  const Service service(stage);
  const auto client = connect_to(stage, service);
  close(service.server);
  service[0].transport.abort();
  CHECK_FALSE(service[0].lost());
  const auto early = wait_closed(service.server);
  stage.run_until([&] { return early->done(); }, "the server to be closed");
  CHECK(service[0].lost());
  const auto late = wait_closed(service.server);
  stage.turns(stage.server(), 2);
  CHECK(late->succeeded());
}

CONTRACT_TEST("SRV-05", "close_clients closes every live accepted transport, which flushes") {
  const Service service(stage);
  const Service other(stage);
  const auto gone = connect_to(stage, service);
  const auto first = connect_to(stage, service);
  const auto second = connect_to(stage, service);
  const auto elsewhere = connect_to(stage, other);
  gone->transport.close();
  stage.run_until_lost(service[0]);
  CHECK(service.server.connections() == 2);
  service[1].transport.write("last words");
  as_user([&] { service.server.close_clients(); });
  CHECK(service[1].transport.is_closing());
  CHECK(service[2].transport.is_closing());
  CHECK(service.server.is_serving());
  stage.run_until_lost(*first);
  stage.run_until_lost(*second);
  CHECK(first->events() == "CM DR:last words ER CL");
  CHECK(second->events() == "CM ER CL");
  CHECK(service[1].events() == "CM CL");
  stage.settle();
  CHECK(other[0].events() == "CM");
  CHECK(elsewhere->events() == "CM");
  CHECK(service.server.connections() == 0);
}

CONTRACT_TEST("SRV-05", "abort_clients aborts every live accepted transport") {
  const Service service(stage);
  const Service other(stage);
  const auto first = connect_to(stage, service);
  const auto second = connect_to(stage, service);
  const auto elsewhere = connect_to(stage, other);
  first->keep_open = true;  // so that an orderly end would show
  as_user([&] { service.server.abort_clients(); });
  CHECK(service[0].transport.is_closing());
  CHECK(service[1].transport.is_closing());
  CHECK_FALSE(service[0].lost());
  stage.run_until_lost(*first);
  stage.run_until_lost(*second);
  CHECK(first->events() == "CM CL:connection_reset");
  CHECK(second->events() == "CM CL:connection_reset");
  CHECK(service[0].events() == "CM CL");
  stage.settle();
  CHECK(other[0].events() == "CM");
  CHECK(elsewhere->events() == "CM");
}

/// A client that does not read, and a server end that has written more than fits in between.
struct Stuck {
  explicit Stuck(Stage& stage)
      : service(stage, {}, [](Recorder& accepted) { accepted.send_buffer = small_buffer; }),
        client(stage.recorder("client")) {
    client->start_paused = true;
    client->receive_buffer = small_buffer;
    const auto outcome = Outcome<Connection>::make();
    stage.client().create_connection(client->factory(), stage.address_of(service.server),
                                     outcome->completion());
    stage.run_until([&] { return outcome->done() && service.count() == 1; }, "the connection");
    service[0].transport.write(pattern(written));
    stage.settle();
    REQUIRE(service[0].transport.get_write_buffer_size() > 0);
  }

  Service service;
  std::shared_ptr<Recorder> client;
  const std::size_t written = 512 * 1024;
};

CONTRACT_TEST("SRV-06",
              "a client that does not read keeps close_clients and wait_closed pending until the flush") {
  const Stuck stuck(stage);
  const Server& server = stuck.service.server;
  close(server);
  as_user([&] { server.close_clients(); });
  const auto waiting = wait_closed(server);
  stage.settle();
  CHECK_FALSE(waiting->done());
  CHECK_FALSE(stuck.service[0].lost());
  stuck.client->transport.resume_reading();
  stage.run_until([&] { return waiting->done(); }, "the server to be closed");
  stage.run_until_lost(*stuck.client);
  CHECK(stuck.client->received() == pattern(stuck.written));
  CHECK(stuck.service[0].steps().back() == "CL");
  CHECK(stuck.client->steps().back() == "CL");
}

CONTRACT_TEST("SRV-06", "abort_clients completes wait_closed promptly, though the client does not read") {
  const Stuck stuck(stage);
  const Server& server = stuck.service.server;
  close(server);
  as_user([&] { server.close_clients(); });
  const auto waiting = wait_closed(server);
  stage.settle();
  CHECK_FALSE(waiting->done());
  as_user([&] { server.abort_clients(); });
  CHECK(stuck.service[0].transport.get_write_buffer_size() == 0);
  stage.turns(stage.server(), 3);
  CHECK(waiting->succeeded());
  CHECK(stuck.service[0].steps().back() == "CL");
}

CONTRACT_TEST("SRV-07", "serve_forever serves until cancelled; then it closes, waits, and reports that") {
  ServerOptions options;
  options.start_serving = false;
  const Service service(stage, options);
  const Address address = service.address();
  const auto serving = Outcome<bool>::make();
  const Operation operation =
      as_user([&] { return service.server.serve_forever(serving->void_completion()); });
  CHECK(service.server.is_serving());
  const auto client = connect_to(stage, service);
  stage.settle();
  CHECK_FALSE(serving->done());

  as_user([&] { operation.cancel(); });
  CHECK_FALSE(service.server.is_serving());
  CHECK(service.server.sockets().empty());
  CHECK(error_of_connecting(stage, stage.client(), address) == "connection_refused");
  stage.settle();
  CHECK_FALSE(serving->done());  // a connection lives
  client->transport.close();
  stage.run_until([&] { return serving->done(); }, "serve_forever to end");
  CHECK(service[0].events() == "CM ER CL");
  CHECK(serving->error() == "operation_aborted");
}

CONTRACT_TEST("SRV-07", "serve_forever that is cancelled without connections ends at once") {
  const Service service(stage);
  const auto serving = Outcome<bool>::make();
  const Operation operation =
      as_user([&] { return service.server.serve_forever(serving->void_completion()); });
  as_user([&] { operation.cancel(); });
  CHECK_FALSE(serving->done());
  as_user([&] { operation.cancel(); });
  stage.turns(stage.server(), 3);
  CHECK(serving->error() == "operation_aborted");
}

CONTRACT_TEST("SRV-07", "a second serve_forever is rejected, and so is one on a closed server") {
  const Service service(stage);
  const auto serving = Outcome<bool>::make();
  const Operation operation =
      as_user([&] { return service.server.serve_forever(serving->void_completion()); });
  const auto second = Outcome<bool>::make();
  CHECK_THROWS_AS(service.server.serve_forever(second->void_completion()), std::logic_error);
  const auto client = connect_to(stage, service);  // the first one is not disturbed
  CHECK_FALSE(serving->done());
  client->transport.close();
  as_user([&] { operation.cancel(); });
  stage.run_until([&] { return serving->done(); }, "serve_forever to end");
  CHECK_THROWS_AS(service.server.serve_forever(second->void_completion()), std::logic_error);
  CHECK_THROWS_AS(service.server.start_serving(), std::logic_error);
  stage.settle();
  CHECK_FALSE(second->done());
}

}  // namespace
}  // namespace twinwire::contract
