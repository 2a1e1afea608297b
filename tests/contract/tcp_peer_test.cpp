// What the peer of a TCP stream does: its end, its reset; and what the protocol makes of it.
#include "harness.hpp"

#include <chrono>
#include <thread>

namespace twinwire::contract {
namespace {

PLAIN_TEST("TCP-10", "ER that returns false closes the transport, which flushes first") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(pair.client->transport);
  pair.server->transport.write("last words");
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  stage.settle();
  CHECK(pair.client->events() == "CM DR:last words ER");
  CHECK(pair.client->transport.is_closing());
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:last words ER CL");
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.server->steps().back() == "CL");
}

CONTRACT_TEST("TCP-10", "false is the default: a protocol without eof_received is closed at the end") {
  struct Minimal final : Protocol {
    explicit Minimal(std::string& log) : log_(log) {}
    void connection_made(Transport made) override { transport = std::move(made); }
    void connection_lost(error_code error) override {
      log_ += error.failed() ? "lost with an error" : "lost";
    }
    void data_received(Bytes) override {}
    Transport transport;

   private:
    std::string& log_;
  };
  std::string log;
  const auto client = stage.recorder("client");
  const Server listening = stage.listen([&] { return std::make_shared<Minimal>(log); });
  stage.client().create_connection(client->factory(), stage.address_of(listening), [](auto, auto) {});
  stage.run_until([&] { return client->made(); }, "the client to be connected");
  client->transport.write_eof();
  stage.run_until([&] { return !log.empty(); }, "the server's end");
  stage.run_until_lost(*client);
  CHECK(log == "lost");
  CHECK(client->events() == "CM ER CL");
  listening.close();
}

CONTRACT_TEST("TCP-11", "ER that returns true keeps the connection open for sending") {
  const Pair pair = stage.connect_pair();
  pair.client->keep_open = true;
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  stage.settle();
  CHECK_FALSE(pair.client->transport.is_closing());
  pair.client->transport.write("still ");
  stage.run_until_received(*pair.server, 6);
  pair.client->transport.write("here");
  stage.run_until_received(*pair.server, 10);
  stage.settle();
  CHECK(pair.client->events() == "CM ER");
  std::string last;
  SECTION("until close") {
    pair.client->transport.close();
    last = " ER CL";
  }
  SECTION("until abort") {
    pair.client->transport.abort();
    last = " CL:connection_reset";
  }
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM ER CL");
  CHECK(pair.server->events() == "CM DR:still here" + last);
}

PLAIN_TEST("TCP-11", "ER that returns true, with bytes still buffered: they reach the peer") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.client->keep_open = true;
  const std::size_t written = clog(pair.client->transport);
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.client->events() == "CM ER");
  CHECK_FALSE(pair.client->transport.is_closing());
}

PLAIN_TEST("TCP-12", "after ER nothing is read: pausing and resuming have no effect, ER is not repeated") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& client = pair.client->transport;
  pair.client->keep_open = true;
  bool reading_inside = true;
  pair.client->on_eof = [&] {
    reading_inside = client.is_reading();
    client.pause_reading();
    client.resume_reading();
  };
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  CHECK_FALSE(reading_inside);
  CHECK_FALSE(client.is_reading());
  client.pause_reading();
  CHECK_FALSE(client.is_reading());
  stage.settle();
  client.resume_reading();
  CHECK_FALSE(client.is_reading());
  client.resume_reading();
  stage.settle();
  CHECK(pair.client->events() == "CM ER");
  client.write("works");
  stage.run_until_received(*pair.server, 5);
}

PLAIN_TEST("TCP-13", "both ends half-close in turn: nothing closes by itself") {
  const Pair pair = stage.connect_pair();
  pair.client->keep_open = true;
  pair.server->keep_open = true;
  pair.client->transport.write("question");
  pair.client->transport.write_eof();
  stage.run_until([&] { return pair.server->eof(); }, "the question");
  pair.server->transport.write("answer");
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the answer");
  stage.settle();
  CHECK(pair.client->events() == "CM DR:answer ER");
  CHECK(pair.server->events() == "CM DR:question ER");
  CHECK_FALSE(pair.client->transport.is_closing());
  CHECK_FALSE(pair.server->transport.is_closing());

  pair.server->transport.close();
  stage.run_until_lost(*pair.server);
  stage.settle();
  CHECK(pair.client->events() == "CM DR:answer ER");
  CHECK_FALSE(pair.client->transport.is_closing());
  pair.client->transport.close();
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM DR:answer ER CL");
  CHECK(pair.server->events() == "CM DR:question ER CL");
}

CONTRACT_TEST("TCP-14", "a reset by the peer while reading gives CL(connection_reset) without ER") {
  const Pair pair = stage.connect_pair();
  SECTION("on an idle connection") {
    pair.server->transport.abort();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM CL:connection_reset");
  }
  SECTION("behind data that was read") {
    pair.server->transport.write("before");
    stage.run_until_received(*pair.client, 6);
    pair.server->transport.abort();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM DR:before CL:connection_reset");
  }
  SECTION("while our sending direction has ended") {
    pair.server->keep_open = true;
    pair.client->transport.write_eof();
    stage.run_until([&] { return pair.server->eof(); }, "the end of the stream");
    pair.server->transport.abort();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM CL:connection_reset");
  }
  CHECK(pair.client->error() == errc::connection_reset);
}

CONTRACT_TEST("TCP-15", "a write that hits an error returns, drops everything, and CL carries the error") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  client->start_paused = true;
  stage.connect_pair(client, server);
  client->transport.set_write_buffer_limits(0);
  server->transport.abort();
  stage.settle();
  CHECK_FALSE(client->transport.is_closing());
  SECTION("write") {
    client->transport.write("x");
  }
  SECTION("writelines") {
    client->transport.writelines({"x", "y"});
  }
  CHECK(client->events() == "CM");
  CHECK(client->transport.is_closing());
  CHECK(client->transport.get_write_buffer_size() == 0);
  client->transport.write("more");
  CHECK(client->transport.get_write_buffer_size() == 0);
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL:connection_reset");
}

CONTRACT_TEST("TCP-15", "an error that meets buffered data drops it, and CL carries the error") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.client->transport.pause_reading();
  clog(pair.client->transport);
  SECTION("on an open connection") {}
  SECTION("while close flushes") {
    pair.client->transport.close();
  }
  stage.settle();
  pair.server->transport.abort();
  stage.run_until_lost(pair);
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  CHECK(pair.client->events() == "CM CL:connection_reset");
}

CONTRACT_TEST("TCP-15", "a peer that is gone altogether breaks the pipe of a half-closed connection") {
  const Pair pair = stage.connect_pair();
  pair.client->keep_open = true;
  pair.server->transport.close();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  pair.client->transport.write("is anybody there?");
  CHECK_FALSE(pair.client->transport.is_closing());
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM ER CL:broken_pipe");
}

PLAIN_TEST("TCP-15", "a write that meets a broken pipe raises no signal") {
  const Pair pair = stage.connect_pair();
  pair.client->keep_open = true;
  pair.server->transport.close();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the stream");
  pair.client->transport.write("is anybody there?");
  // The answer, a reset, is there before the loop has seen it.
  if (!stage.simulated()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  pair.client->transport.write("hello?");
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM ER CL:broken_pipe");
}

CONTRACT_TEST("TCP-14", "the end of the stream that came before a reset is still read") {
  const Pair pair = stage.connect_pair();
  pair.server->transport.pause_reading();
  pair.client->transport.write_eof();
  stage.settle();
  pair.client->transport.abort();
  stage.settle();
  pair.server->transport.resume_reading();
  stage.run_until_lost(*pair.server);
  CHECK(pair.server->events() == "CM ER CL");
}

/// Both directions have ended; the server has not read what the client wrote, if it wrote anything.
Pair ended_pair(Stage& stage, std::string_view written) {
  const Pair pair = stage.connect_pair();
  pair.client->keep_open = true;
  pair.server->transport.pause_reading();
  pair.client->transport.write(written);
  pair.client->transport.write_eof();
  stage.settle();
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end of the other direction");
  stage.settle();
  return pair;
}

void check_orderly_end(Stage& stage, const Pair& pair) {
  stage.settle();
  CHECK(pair.client->events() == "CM ER");
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM ER CL");
}

CONTRACT_TEST("TCP-13", "an abort behind the ends of both directions resets nothing") {
  const Pair pair = ended_pair(stage, "");
  pair.server->transport.abort();
  check_orderly_end(stage, pair);
}

CONTRACT_TEST("TCP-13", "closing with unread data behind the ends of both directions resets nothing") {
  const Pair pair = ended_pair(stage, "unread");
  pair.server->transport.close();
  check_orderly_end(stage, pair);
}

}  // namespace
}  // namespace twinwire::contract
