// Pausing and resuming the receiving side of a TCP stream.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

STREAM_TEST("TCP-16", "pause_reading withholds data and end, and loses nothing") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::string kind = "DR";
  SECTION("Protocol") {}
  SECTION("BufferedProtocol") {
    server->buffered = true;
    kind = "BU";
  }
  stage.connect_pair(client, server);
  CHECK(server->transport.is_reading());
  server->transport.pause_reading();
  server->transport.pause_reading();
  CHECK_FALSE(server->transport.is_reading());
  client->transport.write("one");
  client->transport.write("two");
  client->transport.close();
  stage.settle();
  CHECK(server->events() == "CM");
  CHECK_FALSE(server->transport.is_closing());

  server->transport.resume_reading();
  server->transport.resume_reading();
  CHECK(server->transport.is_reading());
  CHECK(server->events() == "CM");
  stage.run_until_lost({client, server});
  CHECK(server->events() == "CM " + kind + ":onetwo ER CL");
}

STREAM_TEST("TCP-16", "pausing inside DR stops at that piece; the rest comes after resume, in order") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->start_paused = true;
  stage.connect_pair(client, server);
  server->on_data = [&](std::string_view) { server->transport.pause_reading(); };
  constexpr std::size_t total = 300'000;
  client->transport.write(pattern(total));
  client->transport.close();
  stage.settle();
  std::size_t pieces = 0;
  while (server->received().size() < total) {
    ++pieces;
    server->transport.resume_reading();
    stage.run_until([&] { return server->steps().size() == 1 + pieces; }, "the next piece");
    stage.turns(stage.server(), 3);
    REQUIRE(server->steps().size() == 1 + pieces);
  }
  CHECK(pieces > 1);
  CHECK_FALSE(server->eof());
  server->transport.resume_reading();
  stage.run_until_lost({client, server});
  CHECK(server->received() == pattern(total));
  CHECK(server->steps().at(pieces + 1) == "ER");
  CHECK(server->steps().at(pieces + 2) == "CL");
}

STREAM_TEST("TCP-16", "resuming and pausing again in the same turn delivers nothing") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->start_paused = true;
  stage.connect_pair(client, server);
  client->transport.write("data");
  stage.settle();
  server->transport.resume_reading();
  server->transport.pause_reading();
  stage.settle();
  CHECK(server->events() == "CM");
  server->transport.pause_reading();
  server->transport.resume_reading();
  server->transport.pause_reading();
  server->transport.resume_reading();
  stage.run_until_received(*server, 4);
  stage.settle();
  CHECK(server->events() == "CM DR:data");
}

STREAM_TEST("TCP-16", "a reader that pauses holds back the writer") {
  const Pair pair = stage.connect_deaf_server();
  const std::size_t written = clog(pair.client->transport);
  stage.settle();
  stage.settle();
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  CHECK(pair.server->events() == "CM");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
}

STREAM_TEST("TCP-16", "pausing and resuming do nothing on a closing transport") {
  const Pair pair = stage.connect_pair();
  SECTION("paused before") {
    pair.client->transport.pause_reading();
  }
  SECTION("not paused") {}
  pair.client->transport.close();
  pair.client->transport.resume_reading();
  CHECK_FALSE(pair.client->transport.is_reading());
  pair.client->transport.pause_reading();
  pair.client->transport.resume_reading();
  CHECK_FALSE(pair.client->transport.is_reading());
  stage.run_until_lost(pair);
  CHECK_FALSE(pair.client->transport.is_reading());
  CHECK(pair.client->events() == "CM CL");
}

}  // namespace
}  // namespace twinwire::contract
