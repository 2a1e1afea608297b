// This library's echo server, as its users write it.
//
//   echo_twinwire --port N [--form protocol|coroutine]
#include "options.hpp"

#include <twinwire/net/streams.hpp>
#include <twinwire/real/event_loop.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace twinwire;

constexpr int backlog = 4096;

class Echo final : public Protocol {
 public:
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes data) override { transport_.write(data); }
  // An answer was not taken by the kernel: no further request until it was.
  void pause_writing() override { transport_.pause_reading(); }
  void resume_writing() override { transport_.resume_reading(); }

 private:
  Transport transport_;
};

boost::asio::awaitable<void> echo(StreamReader reader, StreamWriter writer) {
  for (;;) {
    const auto data = co_await reader.read(64 * 1024);
    if (data.empty()) break;
    writer.write(data);
    co_await writer.drain();
  }
  writer.close();
}

void rethrow(std::exception_ptr failure, const Server&) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--port", "--form"});
  const std::string form = options.text("--form", "protocol");
  if (form != "protocol" && form != "coroutine") options.fail("no such form:", form);

  const std::unique_ptr<Loop> loop = real::new_event_loop();
  ServerOptions server("127.0.0.1", options.port());
  server.backlog = backlog;
  if (form == "coroutine") {
    start_server(*loop, echo, std::move(server), StreamOptions(), rethrow);
  } else {
    loop->create_server([] { return std::make_shared<Echo>(); }, std::move(server), rethrow);
  }
  loop->run_forever();
} catch (const std::exception& error) {
  std::fprintf(stderr, "echo_twinwire: %s\n", error.what());
  return 1;
}
