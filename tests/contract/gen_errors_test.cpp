// Failures: of attempts to connect, of callbacks, of the system.
#include "endpoints.hpp"
#include "harness.hpp"

namespace twinwire::contract {
namespace {

/// A message of a protocol's own, thrown from a callback.
struct Mistake : std::runtime_error {
  Mistake() : std::runtime_error("on purpose") {}
};

/// A server that keeps count of who came; every protocol is a recorder.
Server listen_for_many(Stage& stage, std::vector<std::shared_ptr<Recorder>>& accepted) {
  return stage.listen([&]() -> std::shared_ptr<BaseProtocol> {
    return accepted.emplace_back(stage.recorder("accepted"))->protocol();
  });
}

CONTRACT_TEST("GEN-06", "an attempt that fails before CM yields neither CM nor CL") {
  const auto client = stage.recorder("client");
  const RefusingAddress refusing(stage);
  const ConnectOptions address(refusing.address().host(), refusing.address().port());
  const std::size_t before = stage.open_descriptors();
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), address, outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the attempt to fail");
  CHECK(outcome->error() == "connection_refused");
  stage.settle();
  CHECK(client->events().empty());
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("GEN-06", "cancelled at any moment, there is a CL exactly if there was a CM") {
  std::vector<std::shared_ptr<Recorder>> accepted;
  const Server listening = listen_for_many(stage, accepted);
  const std::size_t before = stage.open_descriptors();
  int aborted = 0;
  int connected = 0;
  for (int moment = 0; moment < 12; ++moment) {
    const auto client = stage.recorder("client, cancelled at moment " + std::to_string(moment));
    const auto outcome = Outcome<Connection>::make();
    const Operation operation = stage.client().create_connection(
        client->factory(), stage.address_of(listening), outcome->completion());
    stage.turns(stage.client(), moment / 2);
    if (stage.simulated()) stage.run_for(moment * std::chrono::milliseconds(3));
    if (moment == 11) stage.run_until([&] { return outcome->done(); }, "the connection");
    {
      const UserCall inside;
      operation.cancel();
      operation.cancel();
    }
    stage.run_until([&] { return outcome->done(); }, "the operation to end");
    CHECK(client->made() == outcome->succeeded());
    if (outcome->succeeded()) {
      ++connected;
      client->transport.close();
      stage.run_until_lost(*client);
      CHECK(client->events().starts_with("CM CL"));
    } else {
      ++aborted;
      CHECK(outcome->error() == "operation_aborted");
      stage.settle();
      CHECK(client->events().empty());
    }
  }
  CHECK(aborted > 0);
  CHECK(connected > 0);
  for (const auto& server : accepted) stage.run_until_lost(*server);
  CHECK(stage.open_descriptors() == before);
  listening.close();
}

CONTRACT_TEST("GEN-06", "cancelled inside CM, it yields one CL and closes the descriptor") {
  std::vector<std::shared_ptr<Recorder>> accepted;
  const Server listening = listen_for_many(stage, accepted);
  const std::size_t before = stage.open_descriptors();
  const auto client = stage.recorder("client");
  const auto outcome = Outcome<Connection>::make();
  Operation operation;
  client->on_made = [&] {
    const UserCall inside;
    operation.cancel();
  };
  operation =
      stage.client().create_connection(client->factory(), stage.address_of(listening), outcome->completion());
  stage.run_until([&] { return outcome->done() && client->lost(); }, "the operation to end");
  CHECK(outcome->error() == "operation_aborted");
  CHECK(client->events() == "CM CL");
  stage.settle();
  for (const auto& server : accepted) stage.run_until_lost(*server);
  CHECK(client->events() == "CM CL");
  CHECK(stage.open_descriptors() == before);
  listening.close();
}

STREAM_TEST("GEN-08", "a data callback that throws is reported once and ends that connection alone") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const Pair bystanders = stage.connect_pair();
  std::string events = "CM CL:callback_failure";
  std::string callback;
  SECTION("DR") {
    client->on_data = [](std::string_view) { throw Mistake(); };
    events = "CM DR:x CL:callback_failure";
    callback = "data_received";
  }
  SECTION("GB") {
    client->buffered = true;
    client->on_get_buffer = [](std::ptrdiff_t) -> MutableBytes { throw Mistake(); };
    callback = "get_buffer";
  }
  SECTION("BU") {
    client->buffered = true;
    client->on_data = [](std::string_view) { throw Mistake(); };
    events = "CM BU:x CL:callback_failure";
    callback = "buffer_updated";
  }
  stage.connect_pair(client, server);
  server->transport.write("x");
  stage.run_until_lost(*client);
  server->transport.close();
  stage.run_until_lost(*server);
  CHECK(client->events() == events);
  CHECK(client->error() == make_error_code(Error::callback_failure));

  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find(callback) != std::string::npos);
  CHECK(reports[0].what == "on purpose");
  CHECK_THROWS_AS(std::rethrow_exception(reports[0].exception), Mistake);
  CHECK(reports[0].transport == client->transport.raw());
  CHECK(reports[0].protocol == (client->buffered ? client->buffered_protocol() : client->protocol()));

  bystanders.client->transport.write("alive");
  stage.run_until_received(*bystanders.server, 5);
  CHECK(bystanders.server->events() == "CM DR:alive");
}

// D11
CONTRACT_TEST("GEN-08", "CM that throws fails the connect, and the connection is aborted with a CL") {
  const auto client = stage.recorder("client");
  std::vector<std::shared_ptr<Recorder>> accepted;
  const Server listening = listen_for_many(stage, accepted);
  client->on_made = [] { throw Mistake(); };
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), stage.address_of(listening), outcome->completion());
  stage.run_until([&] { return outcome->done() && client->lost(); }, "the connect to fail");
  CHECK(outcome->error() == "callback_failure");
  CHECK(client->events() == "CM CL:callback_failure");
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("connection_made") != std::string::npos);
  CHECK(reports[0].what == "on purpose");
  CHECK(reports[0].transport == client->transport.raw());
  CHECK(reports[0].protocol == client->protocol());
  stage.settle();
  for (const auto& server : accepted) {
    stage.run_until_lost(*server);
    CHECK(server->events() == "CM CL:connection_reset");
  }
  listening.close();
}

CONTRACT_TEST("GEN-08", "CM that throws in a server aborts that connection; the server goes on accepting") {
  const auto first = stage.recorder("first client");
  const auto second = stage.recorder("second client");
  std::vector<std::shared_ptr<Recorder>> accepted;
  const Server listening = stage.listen([&]() -> std::shared_ptr<BaseProtocol> {
    const auto server = accepted.emplace_back(stage.recorder("server"));
    if (accepted.size() == 1) server->on_made = [] { throw Mistake(); };
    return server->protocol();
  });
  // The reset may come before the client's system told that it is connected: then the attempt fails.
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(first->factory(), stage.address_of(listening), outcome->completion());
  stage.run_until([&] { return outcome->done() && (outcome->failure || first->lost()); }, "the reset");
  CHECK((outcome->failure ? outcome->error() : name_of(first->error())) == "connection_reset");
  REQUIRE(accepted.size() == 1);
  stage.run_until_lost(*accepted[0]);
  CHECK(accepted[0]->events() == "CM CL:callback_failure");
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].transport == accepted[0]->transport.raw());

  stage.client().create_connection(second->factory(), stage.address_of(listening), [](auto, auto) {});
  stage.run_until([&] { return accepted.size() == 2 && second->made(); }, "the second client");
  second->transport.write("hello");
  stage.run_until_received(*accepted[1], 5);
  CHECK(listening.is_serving());
  listening.close();
}

STREAM_TEST("GEN-08", "a callback that throws after it closed or aborted gives one CL, without an error") {
  const Pair pair = stage.connect_pair();
  SECTION("close") {
    pair.client->on_data = [&](std::string_view) {
      pair.client->transport.close();
      throw Mistake();
    };
  }
  SECTION("abort") {
    pair.client->on_data = [&](std::string_view) {
      pair.client->transport.abort();
      throw Mistake();
    };
  }
  pair.server->transport.write("x");
  stage.run_until_lost(*pair.client);
  stage.settle();
  CHECK(pair.client->events() == "CM DR:x CL");
  CHECK(stage.take_reports().size() == 1);
}

STREAM_TEST("GEN-08", "CL that throws is reported, and the connection is gone all the same") {
  const Pair pair = stage.connect_pair();
  pair.client->on_lost = [](error_code) { throw Mistake(); };
  pair.client->transport.close();
  stage.run_until_lost(pair);
  stage.settle();
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->events() == "CM ER CL");
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("connection_lost") != std::string::npos);
}

STREAM_TEST("GEN-08", "ER that throws is reported once and ends the connection") {
  const Pair pair = stage.connect_pair();
  pair.client->on_eof = [] { throw Mistake(); };
  pair.client->keep_open = true;
  stage.end_stream(pair.server->transport);
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM ER CL:callback_failure");
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("eof_received") != std::string::npos);
  CHECK(reports[0].transport == pair.client->transport.raw());
  CHECK(reports[0].protocol == pair.client->protocol());
}

PLAIN_TEST("GEN-08", "a callback that throws drops the write buffer") {
  const Pair pair = stage.connect_deaf_server();
  const std::size_t written = fill(pair.client->transport);
  std::size_t buffered = 0;
  pair.client->on_data = [&](std::string_view) {
    buffered = pair.client->transport.get_write_buffer_size();
    throw Mistake();
  };
  pair.server->transport.write("x");
  stage.run_until([&] { return buffered != 0; }, "the callback to throw");
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  CHECK(pair.client->transport.is_closing());
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(stage.take_reports().size() == 1);
  CHECK(pair.client->error() == make_error_code(Error::callback_failure));
  CHECK(pair.server->received() == pattern(written - buffered));
}

STREAM_TEST("GEN-09", "PW that throws is only reported, and is not repeated for the same episode") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(0);
  pair.client->on_pause = [] { throw Mistake(); };
  std::size_t written = fill(pair.client->transport);
  CHECK(pair.client->events() == "CM PW");
  CHECK_FALSE(pair.client->transport.is_closing());
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("pause_writing") != std::string::npos);
  CHECK(reports[0].what == "on purpose");

  pair.client->transport.write(pattern(5000, written));
  written += 5000;
  CHECK(pair.client->events() == "CM PW");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.client->events() == "CM PW RW");
  CHECK(pair.server->received() == pattern(written));
}

STREAM_TEST("GEN-09", "RW that throws is only reported, and the next episode is as usual") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(0);
  pair.client->on_resume = [] { throw Mistake(); };
  std::size_t written = fill(pair.client->transport);
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.client->events() == "CM PW RW");
  CHECK_FALSE(pair.client->transport.is_closing());
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("resume_writing") != std::string::npos);

  pair.client->on_resume = nullptr;
  pair.server->transport.pause_reading();
  while (pair.client->transport.get_write_buffer_size() == 0) {
    pair.client->transport.write(pattern(1000, written));
    written += 1000;
  }
  CHECK(pair.client->events() == "CM PW RW PW");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.client->events() == "CM PW RW PW RW");
  CHECK(pair.server->received() == pattern(written));
}

CONTRACT_TEST("GEN-10", "an I/O error goes to CL alone, not to the exception handler") {
  const Pair pair = stage.connect_pair();
  SECTION("while reading") {
    pair.server->transport.abort();
  }
  SECTION("while writing") {
    pair.client->transport.pause_reading();
    pair.server->transport.abort();
    stage.settle();
    pair.client->transport.write("x");
  }
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL:connection_reset");
  CHECK(stage.take_reports().empty());
}

}  // namespace
}  // namespace twinwire::contract
