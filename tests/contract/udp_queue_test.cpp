// UDP: datagrams that have to wait, and the end of an endpoint.
#include "datagram_pair.hpp"
#include "harness.hpp"

namespace twinwire::contract {
namespace {

constexpr std::size_t header = 8;

void run_until_lost(Stage& stage, const DatagramRecorder& endpoint) {
  stage.run_until([&] { return endpoint.lost(); }, endpoint.name() + " to be lost");
}

CONTRACT_TEST("UDP-09", "close stops receiving, sends what is queued, then connection_lost") {
  const SlowPair pair = slow_pair(stage);
  const int sent = send_until_one_waits(*pair.sender);
  for (int i = 0; i < 20; ++i) pair.sender->sendto("more" + std::to_string(i));
  pair.sender->close();
  CHECK(pair.sender->transport.is_closing());
  run_until_lost(stage, *pair.sender);
  const auto all = static_cast<std::size_t>(sent) + 1 + 20;
  stage.run_until([&] { return pair.receiver->received().size() >= all; }, "all of them to arrive");
  CHECK(pair.receiver->received().size() == all);
  CHECK(pair.receiver->received().back().data == "more19");
  CHECK(pair.sender->events() == "CM CL");
}

CONTRACT_TEST("UDP-09", "nothing is received after close") {
  const SlowPair pair = slow_pair(stage);
  pair.sender->sendto("unseen");
  pair.receiver->close();
  run_until_lost(stage, *pair.receiver);
  stage.settle();
  CHECK(pair.receiver->events() == "CM CL");
}

CONTRACT_TEST("UDP-10", "abort drops what is queued, then connection_lost without an error") {
  const SlowPair pair = slow_pair(stage);
  const auto sent = static_cast<std::size_t>(send_until_one_waits(*pair.sender));
  pair.sender->sendto("dropped");
  pair.sender->abort();
  CHECK(pair.sender->transport.get_write_buffer_size() == 0);
  run_until_lost(stage, *pair.sender);
  stage.settle();
  CHECK(pair.sender->events() == "CM CL");
  CHECK(pair.receiver->received().size() <= sent);
  CHECK(pair.receiver->count("DG:dropped") == 0);
}

CONTRACT_TEST("UDP-12", "a queued datagram counts its bytes and a header, and the size returns to 0") {
  const SlowPair pair = slow_pair(stage);
  const int sent = send_until_one_waits(*pair.sender);
  const std::size_t first = std::to_string(sent).size() + header;
  CHECK(pair.sender->transport.get_write_buffer_size() == first);
  pair.sender->sendto("12345");
  CHECK(pair.sender->transport.get_write_buffer_size() == first + 5 + header);
  pair.sender->sendto("");
  CHECK(pair.sender->transport.get_write_buffer_size() == first + 5 + 2 * header);
  stage.run_until([&] { return pair.sender->transport.get_write_buffer_size() == 0; }, "the queue to drain");
  CHECK(pair.sender->events() == "CM");
}

CONTRACT_TEST("UDP-13", "a flood of empty datagrams pauses the writer, and it resumes when they are gone") {
  const SlowPair pair = slow_pair(stage);
  send_until_one_waits(*pair.sender);
  pair.sender->transport.set_write_buffer_limits(256);
  std::size_t flood = 0;
  while (pair.sender->count("PW") == 0) {
    REQUIRE(flood < 1000);
    pair.sender->sendto("");
    ++flood;
  }
  CHECK(pair.sender->transport.get_write_buffer_size() > 256);
  stage.run_until([&] { return pair.sender->count("RW") == 1; }, "the writer to resume");
  CHECK(pair.sender->transport.get_write_buffer_size() <= 64);
  stage.run_until([&] { return pair.receiver->count("DG:") == flood; }, "every empty datagram to arrive");
  CHECK(pair.sender->events() == "CM PW RW");
}

CONTRACT_TEST("UDP-14", "an error of one that is queued stops neither those behind it nor what is owed") {
  const SlowPair pair = slow_pair(stage);
  send_until_one_waits(*pair.sender);
  pair.sender->sendto("before");
  pair.sender->sendto(std::string(1024 * 1024, 'x'));
  CHECK(pair.sender->events() == "CM PW");
  pair.sender->sendto("behind");
  pair.sender->sendto("last");
  pair.sender->close();
  run_until_lost(stage, *pair.sender);
  CHECK(pair.sender->count("EE:message_size") == 1);
  CHECK(pair.sender->count("RW") == 1);
  stage.run_until([&] { return pair.receiver->count("DG:last") == 1; }, "the last one to arrive");
  const std::string events = pair.receiver->events();
  CHECK(events.substr(events.find(" DG:before")) == " DG:before DG:behind DG:last");
}

CONTRACT_TEST("UDP-15", "a datagram that is queued is copied") {
  const SlowPair pair = slow_pair(stage);
  send_until_one_waits(*pair.sender);
  std::string buffer = "as it was";
  pair.sender->sendto(buffer);
  buffer.assign("overwritten");
  stage.run_until([&] { return pair.receiver->count("DG:as it was") == 1; }, "the datagram");
  CHECK(pair.receiver->count("DG:overwritten") == 0);
}

}  // namespace
}  // namespace twinwire::contract
