// BufferedProtocol, and switching between the two kinds of protocol.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

/// A pair whose server receives into buffers; paused at first if `later`.
Pair connect_buffered(Stage& stage, bool later = false) {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->buffered = true;
  server->start_paused = later;
  return stage.connect_pair(client, server);
}

CONTRACT_TEST("BUF-01", "each read is GB and then BU with at least one byte, at most what the buffer holds") {
  const Pair pair = connect_buffered(stage);
  std::array<std::byte, 100> space;
  std::vector<std::size_t> sizes;
  pair.server->on_get_buffer = [&](std::ptrdiff_t hint) {
    CHECK((hint == -1 || hint > 0));
    return MutableBytes(space);
  };
  pair.server->on_data = [&](std::string_view bytes) { sizes.push_back(bytes.size()); };
  pair.client->transport.write(pattern(950));
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->events() == "CM BU:<950 bytes> ER CL");
  CHECK(pair.server->received() == pattern(950));
  CHECK(sizes.size() >= 10);
  for (const std::size_t size : sizes) {
    CHECK(size >= 1);
    CHECK(size <= space.size());
  }
  // GB may come without BU, but BU never without GB just before it.
  const std::vector<std::string>& steps = pair.server->steps();
  std::size_t updates = 0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (!steps[i].starts_with("BU")) continue;
    ++updates;
    CHECK(steps[i - 1] == "GB");
  }
  CHECK(updates == sizes.size());
  CHECK(steps.front() == "CM");
}

CONTRACT_TEST("BUF-01", "an end without data gives no BU") {
  const Pair pair = connect_buffered(stage);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->events() == "CM ER CL");
}

CONTRACT_TEST("BUF-02", "an empty buffer is an error: reported, no BU, CL(callback_failure)") {
  const Pair pair = connect_buffered(stage);
  pair.server->on_get_buffer = [](std::ptrdiff_t) { return MutableBytes(); };
  pair.client->transport.write("x");
  stage.run_until_lost(*pair.server);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->steps() == std::vector<std::string>{"CM", "GB", "CL:callback_failure"});
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].message.find("get_buffer") != std::string::npos);
  CHECK(reports[0].exception != nullptr);
  CHECK(reports[0].transport == pair.server->transport.raw());
  CHECK(reports[0].protocol == pair.server->buffered_protocol());
}

CONTRACT_TEST("BUF-02", "a buffer that is empty only at the second call ends it there") {
  const Pair pair = connect_buffered(stage, true);
  std::array<std::byte, 2> space;
  int calls = 0;
  pair.server->on_get_buffer = [&](std::ptrdiff_t) {
    return ++calls == 1 ? MutableBytes(space) : MutableBytes();
  };
  pair.client->transport.write("abcd");
  stage.settle();
  pair.server->transport.resume_reading();
  stage.run_until_lost(*pair.server);
  CHECK(pair.server->received() == std::string("abcd").substr(0, pair.server->received().size()));
  CHECK(pair.server->received().size() <= 2);
  CHECK(pair.server->steps().back() == "CL:callback_failure");
  CHECK(stage.take_reports().size() == 1);
}

CONTRACT_TEST("BUF-03", "GB that throws: no BU, reported, CL(callback_failure)") {
  const Pair pair = connect_buffered(stage);
  pair.server->on_get_buffer = [](std::ptrdiff_t) -> MutableBytes { throw std::runtime_error("no memory"); };
  pair.client->transport.write("x");
  stage.run_until_lost(*pair.server);
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->steps() == std::vector<std::string>{"CM", "GB", "CL:callback_failure"});
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].what == "no memory");
}

CONTRACT_TEST("BUF-04", "buffers smaller than what is there lose nothing") {
  std::vector<std::byte> space;
  std::size_t total = 20'000;
  SECTION("one byte") {
    space.resize(1);
    total = 300;
  }
  SECTION("seven bytes") {
    space.resize(7);
  }
  SECTION("a thousand bytes") {
    space.resize(1000);
  }
  const Pair pair = connect_buffered(stage, true);
  pair.server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  pair.client->transport.write(pattern(total));
  pair.client->transport.close();
  stage.settle();
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.server->received() == pattern(total));
  CHECK(pair.server->count("GB") >= total / space.size());
  CHECK(pair.server->steps().back() == "CL");
  CHECK(pair.server->eof());
}

CONTRACT_TEST("BUF-05", "any size of buffer is accepted, always another or always the same") {
  const Pair pair = connect_buffered(stage);
  constexpr std::size_t total = 400'000;
  std::vector<std::byte> same(50'000);
  std::vector<std::vector<std::byte>> buffers;
  SECTION("the same each time") {
    pair.server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(same); };
  }
  SECTION("larger than any read") {
    same.resize(2'000'000);
    pair.server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(same); };
  }
  SECTION("another size each time, never the same memory") {
    pair.server->on_get_buffer = [&](std::ptrdiff_t) {
      const std::size_t size = 1 + (buffers.size() * 7919) % 30'000;
      return MutableBytes(buffers.emplace_back(size));
    };
  }
  pair.client->transport.write(pattern(total));
  pair.client->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.server->received() == pattern(total));
}

STREAM_TEST("BUF-06", "set_protocol switches between the kinds in mid-stream without losing a byte") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::array<std::byte, 1000> space;
  server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  stage.connect_pair(client, server);
  client->transport.write("plain ");
  stage.run_until_received(*server, 6);
  server->transport.set_protocol(server->buffered_protocol());
  CHECK(server->transport.get_protocol() == server->buffered_protocol());
  client->transport.write("buffered ");
  stage.run_until_received(*server, 15);
  server->transport.set_protocol(server->protocol());
  client->transport.write("plain");
  client->transport.close();
  stage.run_until_lost({client, server});
  CHECK(server->events() == "CM DR:plain  BU:buffered  DR:plain ER CL");
}

STREAM_TEST("BUF-06", "switching inside each data callback loses, doubles and moves nothing") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::array<std::byte, 5000> space;
  bool to_buffered = false;
  server->start_paused = true;
  server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  stage.connect_pair(client, server);
  std::size_t switches = 0;
  server->on_data = [&](std::string_view) {
    to_buffered = !to_buffered;
    ++switches;
    server->transport.set_protocol(to_buffered ? server->buffered_protocol() : server->protocol());
  };
  constexpr std::size_t total = 500'000;
  client->transport.write(pattern(total));
  client->transport.close();
  stage.settle();
  server->transport.resume_reading();
  stage.run_until_lost({client, server});
  CHECK(server->received() == pattern(total));
  CHECK(switches >= 4);
  const std::vector<std::string>& steps = server->steps();
  std::string kinds;
  for (const std::string& step : steps) {
    if (step.starts_with("DR") || step.starts_with("BU")) kinds += step[0];
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) REQUIRE(kinds[i] == (i % 2 == 0 ? 'D' : 'B'));
}

STREAM_TEST("BUF-06", "a protocol that is switched inside GB does not get that read twice") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::array<std::byte, 100> space;
  server->buffered = true;
  server->on_get_buffer = [&](std::ptrdiff_t) {
    server->transport.set_protocol(server->protocol());
    return MutableBytes(space);
  };
  stage.connect_pair(client, server);
  client->transport.write("hello");
  stage.run_until_received(*server, 5);
  client->transport.close();
  stage.run_until_lost({client, server});
  CHECK(server->received() == "hello");
  CHECK(server->steps().back() == "CL");
}

CONTRACT_TEST("BUF-07", "pausing inside BU stops GB and BU until resume, with the rest intact") {
  const Pair pair = connect_buffered(stage, true);
  std::array<std::byte, 1000> space;
  pair.server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  pair.server->on_data = [&](std::string_view) { pair.server->transport.pause_reading(); };
  constexpr std::size_t total = 10'000;
  pair.client->transport.write(pattern(total));
  pair.client->transport.close();
  stage.settle();
  CHECK(pair.server->events() == "CM");
  while (pair.server->received().size() < total) {
    const std::size_t before = pair.server->received().size();
    const std::size_t steps = pair.server->steps().size();
    pair.server->transport.resume_reading();
    stage.run_until([&] { return pair.server->received().size() > before; }, "the next piece");
    stage.turns(stage.server(), 3);
    REQUIRE(pair.server->steps().size() == steps + 2);
    REQUIRE(pair.server->received().size() <= before + space.size());
  }
  stage.settle();
  CHECK_FALSE(pair.server->eof());
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.server->received() == pattern(total));
  CHECK(pair.server->steps().back() == "CL");
}

CONTRACT_TEST("BUF-07", "pausing inside GB leaves the data where it is: BU comes after resume") {
  const Pair pair = connect_buffered(stage);
  std::array<std::byte, 100> space;
  pair.server->on_get_buffer = [&](std::ptrdiff_t) {
    pair.server->transport.pause_reading();
    return MutableBytes(space);
  };
  pair.client->transport.write("hello");
  pair.client->transport.close();
  stage.run_until([&] { return pair.server->count("GB") == 1; }, "the first get_buffer");
  stage.settle();
  CHECK(pair.server->steps() == std::vector<std::string>{"CM", "GB"});
  pair.server->on_get_buffer = nullptr;
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.server->events() == "CM BU:hello ER CL");
}

CONTRACT_TEST("BUF-07", "close inside GB: no BU any more, only CL") {
  const Pair pair = connect_buffered(stage);
  std::array<std::byte, 100> space;
  pair.server->on_get_buffer = [&](std::ptrdiff_t) {
    pair.server->transport.close();
    return MutableBytes(space);
  };
  pair.client->transport.write("hello");
  stage.run_until_lost(pair);
  CHECK(pair.server->steps() == std::vector<std::string>{"CM", "GB", "CL"});
  CHECK(pair.client->events() == "CM CL:connection_reset");
}

}  // namespace
}  // namespace twinwire::contract
