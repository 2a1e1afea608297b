// Files that are sent through a stream.
#include "endpoints.hpp"
#include "harness.hpp"
#include "pipe_pair.hpp"
#include "tls_service.hpp"
#include "unix_service.hpp"

#include <stdexcept>

namespace twinwire::contract {
namespace {

constexpr std::size_t large = 1'000'000;

/// A file on the host of a loop (the server's unless it is said otherwise), open for reading.
class TestFile {
 public:
  TestFile(Stage& stage, const std::string& content) : TestFile(stage, stage.server(), content) {}
  TestFile(Stage& stage, Loop& on, const std::string& content) : loop(on) {
    const std::string path = stage.path("file");
    stage.create_file(path, content);
    handle = loop.open_file(path);
    stage.remove_file(path);  // which does not matter to those who have it open
  }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  ~TestFile() { loop.close_handle(handle); }

  std::uint64_t position() const {
    error_code error;
    return loop.backend().open_source(handle, error)->position();
  }

  Loop& loop;
  NativeHandle handle;
};

using Sent = std::shared_ptr<Outcome<std::uint64_t>>;

Sent begin(const Recorder& sender, const TestFile& file, SendfileOptions options = {}) {
  const auto outcome = Outcome<std::uint64_t>::make();
  as_user([&] {
    return file.loop.sendfile(sender.transport.raw(), file.handle, options, outcome->completion());
  });
  return outcome;
}

Sent send(Stage& stage, const Recorder& sender, const TestFile& file, SendfileOptions options = {}) {
  const Sent outcome = begin(sender, file, options);
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  INFO(outcome->message());
  REQUIRE(outcome->succeeded());
  return outcome;
}

STREAM_TEST("SF-01", "the bytes are sent in order, and the position is behind the last of them") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, pattern(large));
  CHECK(send(stage, *pair.server, file)->value == large);
  CHECK(file.position() == large);
  stage.run_until_received(*pair.client, large);
  CHECK(pair.client->received() == pattern(large));
}

STREAM_TEST("SF-01", "a part of a file can be sent") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, pattern(large));
  CHECK(send(stage, *pair.server, file, SendfileOptions(1000, 5000))->value == 5000);
  CHECK(file.position() == 6000);
  CHECK(send(stage, *pair.server, file, SendfileOptions(500'000, 1))->value == 1);
  CHECK(file.position() == 500'001);
  stage.run_until_received(*pair.client, 5001);
  CHECK(pair.client->received() == pattern(5000, 1000) + pattern(1, 500'000));
}

CONTRACT_TEST("SF-01", "a reader that pauses pushes back on the file") {
  const Pair pair = stage.connect_deaf_server();
  const TestFile file(stage, stage.client(), pattern(64 * large));
  const Sent outcome = begin(*pair.client, file);
  stage.settle();
  CHECK_FALSE(outcome->done());
  pair.server->transport.resume_reading();
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  CHECK(outcome->value == 64 * large);
  stage.run_until_received(*pair.server, 64 * large);
}

CONTRACT_TEST("SF-02", "what makes no sense is rejected") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, "content");
  const auto rejected = [&](SendfileOptions options) {
    CHECK_THROWS_AS(begin(*pair.server, file, options), std::invalid_argument);
  };
  rejected(SendfileOptions(-1));
  rejected(SendfileOptions(0, 0));
  rejected(SendfileOptions(0, -5));
  const PipeEnds pipe = stage.server().make_pipe();
  CHECK_THROWS_AS(stage.server().sendfile(pair.server->transport.raw(), pipe.reading, {}, {}),
                  std::invalid_argument);
  CHECK_THROWS_AS(stage.server().sendfile(pair.server->transport.raw(), NativeHandle{}, {}, {}),
                  std::invalid_argument);
  stage.server().close_handle(pipe.reading);
  stage.server().close_handle(pipe.writing);
  CHECK(file.position() == 0);
  CHECK(error_of([&] { stage.server().open_file("/no/such/file"); }) == "no_such_file_or_directory");
}

CONTRACT_TEST("SF-02", "behind the end there is nothing to send, and before it what there is") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, "content");
  CHECK(send(stage, *pair.server, file, SendfileOptions(7))->value == 0);
  CHECK(send(stage, *pair.server, file, SendfileOptions(1000))->value == 0);
  CHECK(file.position() == 0);
  CHECK(send(stage, *pair.server, file, SendfileOptions(3, 1000))->value == 4);
  CHECK(file.position() == 7);
  const TestFile empty(stage, "");
  CHECK(send(stage, *pair.server, empty)->value == 0);
  stage.run_until_received(*pair.client, 4);
  CHECK(pair.client->received() == "tent");
}

CONTRACT_TEST("SF-03", "a closing transport is refused, as is one that cannot send files") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, "content");
  pair.server->transport.close();
  CHECK_THROWS_AS(begin(*pair.server, file), std::logic_error);
  DatagramOptions options;
  options.local_addr = {stage.server_address(), 0};
  const auto endpoint = stage.open_endpoint(stage.server(), "endpoint", options);
  CHECK_THROWS_AS(stage.server().sendfile(endpoint->transport, file.handle, {}, {}), std::invalid_argument);
  const PipePair pipe = connect_pipe(stage);
  CHECK_THROWS_AS(begin(*pipe.reader, file), std::invalid_argument);
  CHECK_THROWS_AS(stage.server().sendfile(BaseTransport(), file.handle, {}, {}), std::invalid_argument);
  if (&stage.client() != &stage.server()) {  // whose transports are the other's
    CHECK_THROWS_AS(stage.client().sendfile(pipe.writer->transport.raw(), file.handle, {}, {}),
                    std::invalid_argument);
  }
  CHECK(file.position() == 0);
  endpoint->close();
  stage.run_until([&] { return endpoint->lost(); }, "the endpoint to be lost");
}

STREAM_TEST("SF-04", "what is written before goes first, what is written after follows, without a gap") {
  const Pair pair = stage.connect_deaf_server();
  const TestFile file(stage, stage.client(), pattern(large));
  const std::size_t before = clog(pair.client->transport);
  const Sent outcome = begin(*pair.client, file);
  pair.server->transport.resume_reading();
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  pair.client->transport.write("behind");
  stage.end_stream(pair.client->transport);
  stage.run_until([&] { return pair.server->eof(); }, "the end");
  CHECK(pair.server->received() == pattern(before) + pattern(large) + "behind");
}

CONTRACT_TEST("SF-04", "a file waits for writes that were gathered before it") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, "file");
  Sent outcome;
  {
    const Cork cork = pair.server->transport.raw().cork();
    pair.server->transport.write("before ");
    outcome = begin(*pair.server, file);
    stage.settle();
    CHECK_FALSE(outcome->done());
  }
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  stage.run_until_received(*pair.client, 11);
  CHECK(pair.client->received() == "before file");
}

CONTRACT_TEST("SF-04", "a file waits while writes are gathered, and goes on behind them") {
  const Pair pair = stage.connect_deaf_server();
  const TestFile file(stage, stage.client(), pattern(64 * large));
  const Sent outcome = begin(*pair.client, file);
  stage.settle();
  {
    const Cork cork = pair.client->transport.raw().cork();
    pair.server->transport.resume_reading();
    stage.settle();
    CHECK_FALSE(outcome->done());
  }
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  stage.run_until_received(*pair.server, 64 * large);
}

CONTRACT_TEST("SF-04", "an end that is wanted meanwhile comes behind the file") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, pattern(large));
  const Sent outcome = begin(*pair.server, file);
  pair.server->transport.write_eof();
  stage.run_until([&] { return pair.client->eof(); }, "the end");
  CHECK(outcome->value == large);
  CHECK(pair.client->received() == pattern(large));
}

CONTRACT_TEST("SF-05", "writes meanwhile are rejected, and do not disturb the transfer") {
  const Pair pair = stage.connect_pair();
  const TestFile file(stage, pattern(large));
  const Sent outcome = begin(*pair.server, file);
  const auto check = [&] {
    CHECK_THROWS_AS(pair.server->transport.write("x"), std::logic_error);
    CHECK_THROWS_AS(pair.server->transport.writelines({"x", "y"}), std::logic_error);
    CHECK_THROWS_AS(begin(*pair.server, file), std::logic_error);
  };
  check();
  stage.turns(stage.server(), 1);
  if (!outcome->done()) check();
  stage.run_until([&] { return outcome->done(); }, "the file to be sent");
  stage.run_until_received(*pair.client, large);
  CHECK(pair.client->received() == pattern(large));
  pair.server->transport.write("x");
  stage.run_until_received(*pair.client, large + 1);
}

CONTRACT_TEST("SF-06", "over TLS a file is read, encrypted and written, or not sent at all") {
  const TlsService service(stage);
  const Pair pair = connect_secure(stage, service);
  const TestFile file(stage, pattern(large));
  SendfileOptions native_only;
  native_only.fallback = false;
  CHECK_THROWS_AS(begin(*pair.server, file, native_only), std::invalid_argument);
  CHECK(send(stage, *pair.server, file)->value == large);
  CHECK(file.position() == large);
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->received() == pattern(large));
}

CONTRACT_TEST("SF-06", "a pipe gets the file by reading and writing, or not at all") {
  const PipePair pipe = connect_pipe(stage);
  const TestFile file(stage, pattern(large));
  SendfileOptions native_only;
  native_only.fallback = false;
  CHECK_THROWS_AS(begin(*pipe.writer, file, native_only), std::invalid_argument);
  CHECK(send(stage, *pipe.writer, file)->value == large);
  CHECK(file.position() == large);
  pipe.writer->transport.close();
  stage.run_until_lost(*pipe.reader);
  CHECK(pipe.reader->received() == pattern(large));
}

CONTRACT_TEST("SF-06", "a file that the system cannot send is read and written, or not available") {
  const std::string path = "/proc/self/status";
  if (stage.simulated()) stage.create_file(path, "Name:\tsimulated\n");
  const NativeHandle handle = stage.server().open_file(path);
  const Pair pair = stage.connect_pair();
  SendfileOptions options;
  for (const bool fallback : {false, true}) {
    options.fallback = fallback;
    const auto outcome = Outcome<std::uint64_t>::make();
    as_user([&] {
      return stage.server().sendfile(pair.server->transport.raw(), handle, options, outcome->completion());
    });
    stage.run_until([&] { return outcome->done(); }, "the file to be sent, or not");
    if (fallback) {
      CHECK(outcome->succeeded());
      stage.run_until_received(*pair.client, outcome->value);
      CHECK_THAT(pair.client->received(), Catch::StartsWith("Name:\t"));
    } else {
      CHECK(outcome->error() == "operation_not_supported");
      CHECK_FALSE(pair.server->transport.is_closing());
    }
  }
  stage.server().close_handle(handle);
}

CONTRACT_TEST("SF-07", "close and abort end the transfer with an error") {
  for (const bool abort : {false, true}) {
    const Pair pair = stage.connect_deaf_server();
    const TestFile file(stage, stage.client(), pattern(64 * large));
    const Sent outcome = begin(*pair.client, file);
    stage.settle();
    REQUIRE_FALSE(outcome->done());
    if (abort) {
      pair.client->transport.abort();
    } else {
      pair.client->transport.close();
    }
    stage.run_until([&] { return outcome->done() && pair.client->lost(); }, "the transfer to end");
    CHECK(outcome->error() == "connection_aborted");
    CHECK(pair.client->events() == "CM CL");
    CHECK(file.position() > 0);
    CHECK(file.position() < 64 * large);
    pair.server->transport.abort();
    stage.run_until_lost(*pair.server);
  }
}

CONTRACT_TEST("SF-07", "so does the peer that resets the connection") {
  const Pair pair = stage.connect_deaf_server();
  const TestFile file(stage, stage.client(), pattern(64 * large));
  const Sent outcome = begin(*pair.client, file);
  stage.settle();
  pair.server->transport.abort();
  stage.run_until([&] { return outcome->done() && pair.client->lost(); }, "the transfer to end");
  CHECK(outcome->error() == "connection_reset");
  CHECK(pair.client->count("CL") + pair.client->count("CL:connection_reset") == 1);
}

CONTRACT_TEST("SF-07", "a transfer that is cancelled leaves the connection alone") {
  const Pair pair = stage.connect_deaf_server();
  const TestFile file(stage, stage.client(), pattern(64 * large));
  const auto outcome = Outcome<std::uint64_t>::make();
  const Operation operation = as_user([&] {
    return stage.client().sendfile(pair.client->transport.raw(), file.handle, {}, outcome->completion());
  });
  stage.settle();
  as_user([&] { operation.cancel(); });
  stage.run_until([&] { return outcome->done(); }, "the transfer to end");
  CHECK(outcome->error() == "operation_aborted");
  const auto sent = static_cast<std::size_t>(file.position());
  pair.client->transport.write("behind");
  pair.server->transport.resume_reading();
  stage.run_until_received(*pair.server, sent + 6);
  CHECK(pair.server->received() == pattern(sent) + "behind");
}

}  // namespace
}  // namespace twinwire::contract
