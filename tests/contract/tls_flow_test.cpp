// How TLS connections take turns: water marks, readers that pause, new keys.
#include "bare_peer.hpp"
#include "harness.hpp"
#include "tls_service.hpp"

namespace twinwire::contract {
namespace {

constexpr std::size_t plenty = 3'000'000;

CONTRACT_TEST("TLS-13", "large transfers in both directions at once arrive complete and in order") {
  const auto small_buffers = [](Recorder& recorder) {
    recorder.send_buffer = 16 * 1024;
    recorder.receive_buffer = 32 * 1024;
  };
  const TlsService service(stage, server_context(), small_buffers);
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.write(pattern(plenty));
  for (std::size_t sent = 0; sent < plenty; sent += 1000) pair.server->transport.write(pattern(1000, sent));
  stage.run_until_received(*pair.server, plenty);
  stage.run_until_received(*pair.client, plenty);
  CHECK(pair.server->received() == pattern(plenty));
  CHECK(pair.client->received() == pattern(plenty));
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-14", "the limits are 128 and 512 KiB unless set, and return to that") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  const WriteBufferLimits usual{128 * 1024, 512 * 1024};
  CHECK(client.get_write_buffer_limits() == usual);
  client.set_write_buffer_limits(1000);
  CHECK(client.get_write_buffer_limits() == WriteBufferLimits{250, 1000});
  client.set_write_buffer_limits();
  CHECK(client.get_write_buffer_limits() == usual);
  client.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-14", "what waits below counts: the size is zero only when all was handed over") {
  const TlsService service(stage, server_context(), [](Recorder& recorder) { recorder.start_paused = true; });
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  std::size_t written = 0;
  while (client.get_write_buffer_size() == 0) {
    client.write(pattern(16 * 1024, written));
    written += 16 * 1024;
  }
  const std::size_t before = client.get_write_buffer_size();
  client.write(pattern(1000, written));
  CHECK(client.get_write_buffer_size() == before + 1000);
  client.write(pattern(512 * 1024, written + 1000));
  written += 1000 + 512 * 1024;
  CHECK(pair.client->events() == "CM PW");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  stage.settle();
  CHECK(client.get_write_buffer_size() == 0);
  CHECK(pair.client->events() == "CM PW RW");
  CHECK(pair.server->received() == pattern(written));
  client.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-15", "high 0 on an idle transport does not pause; then PW and RW alternate, RW last") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const CheckedTransport& client = pair.client->transport;
  stage.settle();
  client.set_write_buffer_limits(0);
  CHECK(pair.client->events() == "CM");
  std::size_t written = 0;
  for (int episode = 0; episode < 3; ++episode) {
    const std::size_t before = pair.client->count("PW");
    while (pair.client->count("PW") == before) {
      client.write(pattern(100'000, written));
      written += 100'000;
    }
    stage.run_until_received(*pair.server, written);
    stage.settle();
    CHECK(pair.client->steps().back() == "RW");
  }
  CHECK(pair.client->count("PW") == pair.client->count("RW"));
  CHECK(pair.server->received() == pattern(written));
  client.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-12", "a reader that pauses gets neither data nor the farewell; then both, in order") {
  BarePeer peer(stage);
  const auto client = peer.connect();
  client->transport.pause_reading();
  peer.write("data");
  stage.settle();
  CHECK(client->events() == "CM");
  SECTION("only data") {
    client->transport.resume_reading();
    stage.run_until_received(*client, 4);
    CHECK(client->events() == "CM DR:data");
    client->transport.pause_reading();
  }
  SECTION("and the farewell") {}
  peer.take_leave();
  stage.settle();
  CHECK_FALSE(client->eof());
  CHECK_FALSE(client->transport.is_closing());
  client->transport.resume_reading();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM DR:data ER CL");
  peer.close();
}

CONTRACT_TEST("TLS-12", "a reader that pauses pushes back, and loses nothing") {
  const TlsService service(stage, server_context(), [](Recorder& recorder) { recorder.start_paused = true; });
  const Pair pair = connect_secure(stage, service);
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.client->transport.set_option(Option::send_buffer_size, fixed_send_buffer);
  const std::size_t written = clog(pair.client->transport);
  stage.settle();
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  CHECK(pair.server->events() == "CM");
  pair.server->on_data = [&](std::string_view) {
    pair.server->transport.pause_reading();
    stage.server().call_soon([&] { pair.server->transport.resume_reading(); });
  };
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, written);
  CHECK(pair.server->received() == pattern(written));
  pair.client->transport.close();
  stage.run_until_lost(pair);
}

CONTRACT_TEST("TLS-13", "new keys in between change nothing; a peer that only asks for them is cut off") {
  BarePeer peer(stage);
  const auto client = peer.connect();
  for (int i = 0; i < 3; ++i) {
    peer.ask_for_keys();
    peer.write("data ");
    client->transport.write("answer ");
    stage.run_until_received(*client, 5 * (static_cast<std::size_t>(i) + 1));
  }
  stage.run_until([&] { return peer.received() == "answer answer answer "; }, "the answers");
  // From here on it does not read: what it asks for may not grow without end.
  peer.plain().transport.pause_reading();
  std::string end = "CL:connection_aborted";
  SECTION("and the writer pauses") {
    client->transport.set_write_buffer_limits(0, 0);
    end = "PW " + end;
  }
  SECTION("and the writer does not pause") {
    client->transport.set_write_buffer_limits(no_limit);
  }
  clog(client->transport);
  for (int i = 0; i < 20'000 && !client->transport.is_closing(); ++i) {
    peer.ask_for_keys();
    if (i % 100 == 0) stage.turns(stage.client(), 1);
  }
  stage.run_until_lost(*client);
  CHECK_THAT(client->events(), Catch::EndsWith(end));
  CHECK(client->transport.get_write_buffer_size() == 0);
  peer.abort();
}

CONTRACT_TEST("TLS-13", "a peer that only asks for keys is cut off while its farewell is waited for, too") {
  BarePeer peer(stage);
  const auto client = peer.connect();
  const CheckedTransport& plain = peer.plain().transport;
  client->transport.set_option(Option::send_buffer_size, 4096);
  plain.pause_reading();
  client->transport.close();
  for (int i = 0; i < 20'000 && !client->lost(); ++i) {
    peer.ask_for_keys();
    if (i % 100 == 0) stage.turns(stage.client(), 1);
  }
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM CL:connection_aborted");
  peer.abort();
}

}  // namespace
}  // namespace twinwire::contract
