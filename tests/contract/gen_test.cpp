// Life cycle and order of callbacks, for all transports.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

/// All that can be done with a transport that is gone.
void use_after_the_end(const CheckedTransport& gone) {
  gone.write("late");
  gone.writelines({"too", "late"});
  gone.write_eof();
  gone.pause_reading();
  gone.resume_reading();
  gone.set_write_buffer_limits(0);
  gone.close();
  gone.abort();
}

STREAM_TEST("GEN-01", "a stream protocol observes CM, then data, then ER, then CL, and nothing else") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  SECTION("Protocol") {}
  SECTION("BufferedProtocol") {
    server->buffered = true;
  }
  const std::string data = server->buffered ? "BU" : "DR";
  stage.connect_pair(client, server);
  CHECK(client->events() == "CM");
  CHECK(server->events() == "CM");
  client->transport.write("hello ");
  client->transport.write("world");
  client->transport.close();
  stage.run_until_lost({client, server});
  use_after_the_end(client->transport);
  use_after_the_end(server->transport);
  stage.settle();
  CHECK(client->events() == "CM CL");
  CHECK(server->events() == "CM " + data + ":hello world ER CL");
}

STREAM_TEST("GEN-01", "nothing is delivered before CM, though the peer wrote and closed before it") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  client->on_made = [&] {
    client->transport.write("early");
    client->transport.close();
  };
  server->on_made = [&] {
    server->transport.pause_reading();
    server->transport.resume_reading();
  };
  stage.connect_pair(client, server);
  stage.run_until_lost({client, server});
  CHECK(server->events() == "CM DR:early ER CL");
}

CONTRACT_TEST("GEN-02", "CM and CL come exactly once, however the connection ends") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::string last = "CL";
  SECTION("peer EOF") {
    stage.connect_pair(client, server);
    server->transport.write_eof();
  }
  SECTION("peer reset") {
    stage.connect_pair(client, server);
    server->transport.abort();
    last = "CL:connection_reset";
  }
  SECTION("local close, twice") {
    stage.connect_pair(client, server);
    client->transport.close();
    client->transport.close();
  }
  SECTION("local abort, twice, after close") {
    stage.connect_pair(client, server);
    client->transport.close();
    client->transport.abort();
    client->transport.abort();
  }
  SECTION("fatal write error") {
    client->start_paused = true;
    stage.connect_pair(client, server);
    server->transport.abort();
    stage.settle();
    client->transport.write("into the void");
    client->transport.close();
    last = "CL:connection_reset";
  }
  SECTION("throwing callback") {
    client->on_data = [](std::string_view) { throw std::runtime_error("on purpose"); };
    stage.connect_pair(client, server);
    server->transport.write("x");
    last = "CL:callback_failure";
  }
  stage.run_until_lost(*client);
  server->transport.close();
  stage.run_until_lost(*server);
  client->transport.close();
  client->transport.abort();
  stage.settle();
  CHECK(client->count("CM") == 1);
  CHECK(client->count(last) == 1);
  CHECK(client->steps().back() == last);
  CHECK(server->count("CM") == 1);
  CHECK(server->steps().back().starts_with("CL"));
  CHECK(stage.take_reports().size() == (last == "CL:callback_failure" ? 1 : 0));
}

STREAM_TEST("GEN-02", "closing the loop delivers CL once, for all that is still connected") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.close();
  stage.client().close();
  stage.server().close();
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->events() == "CM CL");
}

CONTRACT_TEST("GEN-07", "CL carries no error after a local or orderly end, and the error otherwise") {
  const Pair pair = stage.connect_pair();
  SECTION("local close") {
    pair.client->transport.close();
    stage.run_until_lost(pair);
    CHECK(pair.client->error() == error_code{});
    CHECK(pair.server->error() == error_code{});
    CHECK(pair.server->events() == "CM ER CL");
  }
  SECTION("local abort") {
    pair.client->transport.abort();
    stage.run_until_lost(pair);
    CHECK(pair.client->error() == error_code{});
    CHECK(pair.server->error() == errc::connection_reset);
    CHECK(pair.server->events() == "CM CL:connection_reset");
  }
  SECTION("orderly peer EOF") {
    pair.server->transport.write_eof();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM ER CL");
    CHECK(pair.server->events() == "CM ER CL");
  }
  SECTION("a reset that is noticed when the sending side is ended") {
    pair.client->transport.pause_reading();
    pair.server->transport.abort();
    stage.settle();
    CHECK(pair.client->events() == "CM");
    pair.client->transport.write_eof();
    CHECK(pair.client->transport.is_closing());
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM CL:connection_reset");
  }
}

STREAM_TEST("GEN-14", "set_protocol redirects all later callbacks, without CM or CL of its own") {
  const Pair pair = stage.connect_pair();
  const auto next = stage.recorder("next");
  pair.client->transport.write("one");
  stage.run_until_received(*pair.server, 3);

  pair.server->transport.set_protocol(next->protocol());
  next->joins(pair.server->transport);
  pair.server->leaves();
  CHECK(next->transport.get_protocol() == next->protocol());
  stage.settle();
  CHECK(next->events().empty());
  CHECK(pair.server->events() == "CM DR:one");

  pair.client->transport.write("two");
  stage.run_until_received(*next, 3);
  pair.client->transport.close();
  stage.run_until_lost(*next);
  CHECK(next->events() == "DR:two ER CL");
  CHECK(pair.server->events() == "CM DR:one");
}

STREAM_TEST("GEN-14", "flow control goes to the protocol that is set when it happens") {
  const Pair pair = stage.connect_deaf_server();
  const auto next = stage.recorder("next");
  pair.client->transport.set_write_buffer_limits(0);
  fill(pair.client->transport);
  CHECK(pair.client->events() == "CM PW");
  pair.client->transport.set_protocol(next->protocol());
  pair.client->leaves();
  next->joins(pair.client->transport);
  std::string seen;
  next->on_resume = [&] { seen = "resumed"; };
  next->expect_resume();
  pair.server->transport.resume_reading();
  stage.run_until([&] { return seen == "resumed"; }, "the new protocol to be resumed");
  CHECK(next->events() == "RW");
}

}  // namespace
}  // namespace twinwire::contract
