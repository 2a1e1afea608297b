// The local ends of a TCP stream: close, abort, write_eof.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

STREAM_TEST("TCP-05", "close sends all that is buffered before CL") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(pair.client->transport);
  const std::size_t buffered = pair.client->transport.get_write_buffer_size();
  pair.client->transport.close();
  CHECK(pair.client->transport.is_closing());
  CHECK_FALSE(pair.client->transport.is_reading());
  CHECK(pair.client->transport.get_write_buffer_size() == buffered);
  stage.settle();
  CHECK(pair.client->events() == "CM");
  std::size_t left_at_end = 1;
  pair.client->on_lost = [&](error_code) { left_at_end = pair.client->transport.get_write_buffer_size(); };
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(left_at_end == 0);
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.server->eof());
  CHECK(pair.server->error() == error_code{});
}

STREAM_TEST("TCP-05", "close stops reading at once, also while it flushes") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  clog(pair.client->transport);
  pair.server->transport.write("unwanted");
  stage.in_callback(stage.client(), [&] { pair.client->transport.close(); });
  const std::string before = pair.client->events();
  pair.server->transport.write("still unwanted");
  stage.settle();
  CHECK(pair.client->events() == before);
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == before + " CL");
}

// D10: bytes written while earlier ones are being flushed come after them, completely, or not at all.
STREAM_TEST("TCP-05", "bytes written while close flushes never overtake, and are no error") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(pair.client->transport);
  pair.client->transport.close();
  pair.client->transport.write(pattern(5000, written));
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  const std::size_t size = pair.server->received().size();
  CHECK((size == written || size == written + 5000));
  CHECK(pair.server->received() == pattern(size));
  CHECK(pair.client->events() == "CM CL");
}

CONTRACT_TEST("TCP-06", "abort drops what is buffered; the peer gets a beginning, then a reset") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(pair.client->transport);
  const std::size_t handed_over = written - pair.client->transport.get_write_buffer_size();
  pair.client->transport.abort();
  CHECK(pair.client->transport.is_closing());
  CHECK_FALSE(pair.client->transport.is_reading());
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->error() == errc::connection_reset);
  CHECK_FALSE(pair.server->eof());
  const std::size_t size = pair.server->received().size();
  CHECK(size <= handed_over);
  CHECK(pair.server->received() == pattern(size));
}

CONTRACT_TEST("TCP-06", "abort ends a flush that close began") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  clog(pair.client->transport);
  pair.client->transport.close();
  stage.settle();
  CHECK(pair.client->events() == "CM");
  pair.client->transport.abort();
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM CL");
  pair.server->transport.resume_reading();
  stage.run_until_lost(*pair.server);
  CHECK(pair.server->error() == errc::connection_reset);
}

PLAIN_TEST("TCP-07", "an end that has arrived behind bytes that nobody read yet comes behind them") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.pause_reading();
  pair.server->transport.write("last words");
  pair.server->transport.write_eof();
  stage.settle();
  CHECK(pair.client->events() == "CM");
  pair.client->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:last words ER CL");
}

PLAIN_TEST("TCP-07", "write_eof comes behind all buffered bytes, and receiving goes on") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  pair.server->keep_open = true;
  const std::size_t written = clog(pair.client->transport);
  pair.client->transport.write_eof();
  CHECK_FALSE(pair.client->transport.is_closing());
  CHECK(pair.client->transport.is_reading());
  stage.settle();
  CHECK_FALSE(pair.server->eof());
  pair.server->transport.write("meanwhile ");
  pair.server->transport.resume_reading();
  stage.run_until([&] { return pair.server->eof(); }, "the end of the stream");
  CHECK(pair.server->received() == pattern(written));
  pair.server->transport.write("and after");
  stage.run_until_received(*pair.client, 19);
  CHECK(pair.client->events() == "CM DR:meanwhile and after");
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:meanwhile and after ER CL");
  CHECK(pair.server->steps().at(pair.server->steps().size() - 2) == "ER");
  CHECK(pair.server->steps().back() == "CL");
}

PLAIN_TEST("TCP-07", "write_eof with nothing buffered ends the stream at once; again it does nothing") {
  const Pair pair = stage.connect_pair();
  pair.server->keep_open = true;
  pair.client->transport.write("bye");
  pair.client->transport.write_eof();
  pair.client->transport.write_eof();
  stage.run_until([&] { return pair.server->eof(); }, "the end of the stream");
  pair.client->transport.write_eof();
  stage.settle();
  CHECK(pair.server->events() == "CM DR:bye ER");
  CHECK(pair.client->events() == "CM");
}

PLAIN_TEST("TCP-07", "close after write_eof still sends what is buffered") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(pair.client->transport);
  pair.client->transport.write_eof();
  pair.client->transport.close();
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL");
  CHECK(pair.server->received() == pattern(written));
  CHECK(pair.server->eof());
}

PLAIN_TEST("TCP-08", "writing after write_eof is rejected, without any effect") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& client = pair.client->transport;
  pair.server->keep_open = true;
  client.write("last");
  client.write_eof();
  CHECK_THROWS_AS(client.write("x"), std::logic_error);
  CHECK_THROWS_AS(client.write(""), std::logic_error);
  CHECK_THROWS_AS(client.writelines({"x"}), std::logic_error);
  CHECK_THROWS_AS(client.writelines({}), std::logic_error);
  CHECK(client.get_write_buffer_size() == 0);
  CHECK_FALSE(client.is_closing());
  CHECK(client.is_reading());
  stage.run_until([&] { return pair.server->eof(); }, "the end of the stream");
  CHECK_THROWS_AS(client.write("x"), std::logic_error);
  pair.server->transport.write("answer");
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:answer ER CL");
  CHECK(pair.server->events() == "CM DR:last ER CL");
}

PLAIN_TEST("TCP-08", "writing is rejected, too, while the end waits behind buffered bytes") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  client.set_write_buffer_limits(no_limit);
  const std::size_t written = clog(client);
  client.write_eof();
  const std::size_t size = client.get_write_buffer_size();
  CHECK_THROWS_AS(client.write("x"), std::logic_error);
  CHECK_THROWS_AS(client.writelines({"x"}), std::logic_error);
  CHECK(client.get_write_buffer_size() == size);
  client.close();  // D9: closing does not change that
  CHECK_THROWS_AS(client.write("x"), std::logic_error);
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  CHECK(pair.server->received() == pattern(written));
}

PLAIN_TEST("TCP-09", "a TCP transport can end its sending direction alone") {
  const Pair pair = stage.connect_pair();
  CHECK(pair.client->transport.can_write_eof());
  CHECK(pair.server->transport.can_write_eof());
}

PLAIN_TEST("TCP-22", "closing with unread bytes resets the connection") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->start_paused = true;
  stage.connect_pair(client, server);
  client->transport.write("never read");
  stage.settle();
  server->transport.close();
  stage.run_until_lost({client, server});
  CHECK(server->events() == "CM CL");
  CHECK(client->events() == "CM CL:connection_reset");
}

PLAIN_TEST("TCP-22", "closing with bytes left unread in the middle of a stream loses what was not sent") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(no_limit);
  clog(pair.client->transport);
  stage.settle();
  CHECK(pair.client->transport.get_write_buffer_size() > 0);
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM CL:connection_reset");
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
}

PLAIN_TEST("TCP-22", "bytes that come after the close reset the connection as well") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  client->keep_open = true;
  stage.connect_pair(client, server);
  server->transport.close();
  stage.run_until([&] { return client->eof(); }, "the end of the stream");
  client->transport.write("too late");
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM ER CL:broken_pipe");
}

PLAIN_TEST("TCP-22", "closing with nothing unread is orderly") {
  const Pair pair = stage.connect_pair();
  pair.client->transport.write("read");
  stage.run_until_received(*pair.server, 4);
  pair.server->transport.write("answer");
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM DR:answer ER CL");
}

}  // namespace
}  // namespace twinwire::contract
