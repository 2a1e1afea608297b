// Writing to a TCP stream: order, copies, partial writes, sizes.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

/// Tells this often less than it could, so that sizes of all kinds occur.
std::size_t varied_size(std::size_t index) {
  constexpr std::array<std::size_t, 7> sizes{1, 700, 3, 40'000, 1'460, 90, 16'384};
  return sizes[index % sizes.size()];
}

/// Runs until `reader` has everything, and checks at each step that the writer's buffer only gets smaller.
void watch_drain(Stage& stage, const CheckedTransport& writer, const Recorder& reader, std::size_t total) {
  std::size_t size = writer.get_write_buffer_size();
  bool grew = false;
  stage.run_until(
      [&] {
        const std::size_t now = writer.get_write_buffer_size();
        grew = grew || now > size;
        size = now;
        return reader.received().size() == total;
      },
      "everything to arrive");
  CHECK_FALSE(grew);
  CHECK(writer.get_write_buffer_size() == 0);
}

STREAM_TEST("TCP-01", "what is received is what the peer wrote, in order, in both directions at once") {
  const Pair pair = stage.connect_pair();
  constexpr std::size_t total = 1'000'000;
  std::size_t written = 0;
  for (std::size_t i = 0; written < total; ++i) {
    const std::string piece = pattern(varied_size(i), written);
    pair.client->transport.write(piece);
    pair.server->transport.write(piece);
    written += piece.size();
  }
  stage.run_until_received(*pair.client, written);
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(pair.client->received() == pattern(written));
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.client->count("DR:0") == 0);
  CHECK(pair.server->count("DR:0") == 0);
}

STREAM_TEST("TCP-02", "write copies what it cannot send at once, and never blocks") {
  const Pair pair = stage.connect_deaf_server();
  std::string buffer;
  std::size_t written = 0;
  for (int i = 0; i < 40 || pair.client->transport.get_write_buffer_size() == 0; ++i) {
    buffer = pattern(50'000, written);
    pair.client->transport.write(buffer);
    written += buffer.size();
    std::fill(buffer.begin(), buffer.end(), '!');
  }
  buffer = {};
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  CHECK(pair.client->transport.get_write_buffer_size() < written);
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.server->received() == pattern(written));
}

STREAM_TEST("TCP-03", "writing nothing does nothing") {
  SECTION("on an idle connection") {
    const Pair pair = stage.connect_pair();
    pair.client->transport.set_write_buffer_limits(0);
    pair.client->transport.write("");
    CHECK(pair.client->transport.get_write_buffer_size() == 0);
    stage.settle();
    CHECK(pair.client->events() == "CM");
    CHECK(pair.server->events() == "CM");
  }
  SECTION("behind buffered data") {
    const Pair pair = stage.connect_deaf_server();
    pair.client->transport.set_write_buffer_limits(0);
    fill(pair.client->transport);
    const std::size_t size = pair.client->transport.get_write_buffer_size();
    pair.client->transport.write("");
    CHECK(pair.client->transport.get_write_buffer_size() == size);
    CHECK(pair.client->events() == "CM PW");
  }
}

STREAM_TEST("TCP-04", "while something is buffered, what is written later queues up behind it") {
  const Pair pair = stage.connect_deaf_server();
  std::size_t written = fill(pair.client->transport);
  std::size_t size = pair.client->transport.get_write_buffer_size();
  for (std::size_t i = 0; i < 20; ++i) {
    const std::string piece = pattern(varied_size(i), written);
    pair.client->transport.write(piece);
    written += piece.size();
    size += piece.size();
    CHECK(pair.client->transport.get_write_buffer_size() == size);
  }
  // The peer reads a little at a time: partial writes, with new data behind them each time.
  pair.server->on_data = [&](std::string_view) {
    if (written > 3'000'000) return;
    pair.client->transport.write(pattern(1000, written));
    written += 1000;
  };
  pair.server->transport.resume_reading();
  stage.run_until([&] { return pair.server->received().size() == written; }, "everything to arrive");
  CHECK(pair.server->received() == pattern(written));
}

STREAM_TEST("TCP-17", "writelines writes its segments one after the other, as one stream") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.writelines({"one ", "", "two ", "three"});
  pair.client->transport.writelines({});
  pair.client->transport.writelines({"", ""});
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  pair.client->transport.write(" four");
  stage.run_until_received(*pair.server, 18);
  stage.settle();
  CHECK(pair.server->events() == "CM DR:one two three four");
}

STREAM_TEST("TCP-17", "writelines of many segments that the network takes in part loses and moves nothing") {
  const Pair pair = stage.connect_deaf_server();
  std::string text;
  std::vector<std::string_view> pieces;
  text = pattern(4'000'000);
  for (std::size_t at = 0, i = 0; at < text.size(); ++i) {
    const std::size_t size = i % 5 == 4 ? 0 : std::min(varied_size(i), text.size() - at);
    pieces.push_back(std::string_view(text).substr(at, size));
    at += size;
  }
  std::vector<Bytes> segments;
  for (const std::string_view piece : pieces) segments.push_back(as_bytes(piece));
  REQUIRE(segments.size() > 300);
  {
    const UserCall inside;
    pair.client->transport.raw().writelines(segments);
  }
  const std::size_t size = pair.client->transport.get_write_buffer_size();
  CHECK(size > 0);
  CHECK(size < text.size());
  // Behind buffered data all of it is buffered.
  pair.client->transport.writelines({"12", "", "345"});
  CHECK(pair.client->transport.get_write_buffer_size() == size + 5);
  pair.client->transport.writelines({});
  CHECK(pair.client->transport.get_write_buffer_size() == size + 5);
  text += "12345";
  pair.server->transport.resume_reading();
  watch_drain(stage, pair.client->transport, *pair.server, text.size());
  CHECK(pair.server->received() == text);
}

PLAIN_TEST("TCP-17", "writelines keeps to the rules of write after the end") {
  const Pair pair = stage.connect_pair();
  SECTION("rejected after write_eof") {
    pair.server->keep_open = true;
    pair.client->transport.write_eof();
    CHECK_THROWS_AS(pair.client->transport.writelines({"x", "y"}), std::logic_error);
    CHECK_THROWS_AS(pair.client->transport.writelines({}), std::logic_error);
    CHECK(pair.client->transport.get_write_buffer_size() == 0);
  }
  SECTION("ignored after abort") {
    pair.client->transport.abort();
    pair.client->transport.writelines({"x", "y"});
    CHECK(pair.client->transport.get_write_buffer_size() == 0);
  }
  stage.settle();
  CHECK(pair.server->received().empty());
}

STREAM_TEST("TCP-20", "the size is zero when everything was taken, and falls only as the peer drains") {
  const Pair pair = stage.connect_deaf_server();
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  pair.client->transport.write("0123456789");
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  const std::size_t written = 10 + clog(pair.client->transport);
  stage.settle();
  const std::size_t quiet = pair.client->transport.get_write_buffer_size();
  CHECK(quiet > 0);
  stage.settle();
  CHECK(pair.client->transport.get_write_buffer_size() == quiet);
  pair.server->transport.resume_reading();
  watch_drain(stage, pair.client->transport, *pair.server, written);
  CHECK(pair.server->received() == "0123456789" + pattern(written - 10));
}

PLAIN_TEST("TCP-20", "the size is exactly what was not handed over") {
  const Pair pair = stage.connect_deaf_server();
  const std::size_t written = fill(pair.client->transport) + 12'345;
  pair.client->transport.write(pattern(12'345, written - 12'345));
  stage.settle();
  // Dropping what is buffered shows what was handed over: the peer gets that and no more.
  std::size_t buffered = 0;
  pair.client->on_data = [&](std::string_view) {
    buffered = pair.client->transport.get_write_buffer_size();
    throw std::runtime_error("on purpose");
  };
  pair.server->transport.write("x");
  stage.run_until_lost(*pair.client);
  CHECK(stage.take_reports().size() == 1);
  pair.server->transport.resume_reading();
  stage.run_until_lost(*pair.server);
  CHECK(pair.server->received() == pattern(written - buffered));
}

}  // namespace
}  // namespace twinwire::contract
