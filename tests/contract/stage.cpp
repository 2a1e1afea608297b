#include "harness.hpp"
#include "tls_service.hpp"

namespace twinwire::contract {
namespace {

/// So often a real stage may come to rest before its test has left something behind: about a second.
constexpr int settles_max = 50;
constexpr std::size_t fill_step = 16 * 1024;
/// More than a connection takes in once it has moved on what it held when it was full.
constexpr std::size_t clog_extra = 256 * 1024;
constexpr std::size_t fill_max = 64 * 1024 * 1024;

}  // namespace

void perform(std::unique_ptr<Stage> stage, void (*test)(Stage&)) {
  Violations::take();
  test(*stage);
  stage->finish();
}

std::string pattern(std::size_t size, std::size_t start) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t at = start + i;
    text[i] = static_cast<char>('a' + (at + at / 26 + at / 1009) % 26);
  }
  return text;
}

std::size_t fill(const CheckedTransport& transport) {
  std::size_t written = 0;
  while (transport.get_write_buffer_size() == 0 && !transport.is_closing()) {
    REQUIRE(written < fill_max);
    transport.write(pattern(fill_step, written));
    written += fill_step;
  }
  return written;
}

std::size_t clog(const CheckedTransport& transport) {
  const std::size_t written = fill(transport);
  transport.write(pattern(clog_extra, written));
  return written + clog_extra;
}

// --- time passes ---

void Stage::run_until(const std::function<bool()>& condition, const std::string& what) {
  if (condition() || wait(condition)) return;
  FAIL("waited in vain: " << what << "\n" << story());
}

void Stage::in_callback(Loop& loop, std::function<void()> function) {
  bool ran = false;
  loop.call_soon([&] {
    ran = true;
    function();
  });
  run_until([&] { return ran; }, "a callback to run");
}

void Stage::turns(Loop& loop, int count) {
  for (int turn = 0; turn < count; ++turn) in_callback(loop, [] {});
}

void Stage::run_until_lost(const Recorder& recorder) {
  run_until([&] { return recorder.lost(); }, recorder.name() + " to be lost");
}

void Stage::run_until_lost(const Pair& pair) {
  run_until([&] { return pair.client->lost() && pair.server->lost(); }, "both ends to be lost");
}

void Stage::run_until_received(const Recorder& recorder, std::size_t size) {
  run_until([&] { return recorder.received().size() >= size; },
            recorder.name() + " to receive " + std::to_string(size) + " bytes");
}

// --- connections ---

std::shared_ptr<DatagramRecorder> Stage::open_endpoint(Loop& loop, const std::string& name,
                                                       DatagramOptions options) {
  const auto opened = datagram_recorder(name);
  const auto outcome = Outcome<DatagramEndpoint>::make();
  {
    const UserCall inside;
    loop.create_datagram_endpoint(opened->factory(), std::move(options), outcome->completion());
  }
  run_until([&] { return outcome->done(); }, name + " to open");
  INFO(outcome->message());
  REQUIRE(outcome->succeeded());
  return opened;
}

Server Stage::listen(ProtocolFactory factory, ServerOptions options) {
  if (options.hosts.empty() && !options.sock) options.hosts = {server_address()};
  if (!options.port && !options.sock) options.port = 0;
  const auto outcome = Outcome<Server>::make();
  {
    const UserCall inside;
    server().create_server(std::move(factory), std::move(options), outcome->completion());
  }
  return listening(*outcome);
}

Server Stage::listen_unix(ProtocolFactory factory, UnixServerOptions options) {
  const auto outcome = Outcome<Server>::make();
  {
    const UserCall inside;
    server().create_unix_server(std::move(factory), std::move(options), outcome->completion());
  }
  return listening(*outcome);
}

Server Stage::listening(const Outcome<Server>& outcome) {
  run_until([&] { return outcome.done(); }, "the server to listen");
  INFO(outcome.message());
  REQUIRE(outcome.succeeded());
  return outcome.value;
}

ConnectOptions Stage::address_of(const Server& listening) const {
  return {server_address(), listening.port()};
}

Pair Stage::connect_pair(std::shared_ptr<Recorder> client_end, std::shared_ptr<Recorder> server_end) {
  const std::string name = unix_pairs() ? path("pair") : std::string();
  ServerOptions served;
  if (secure_pairs()) served.tls = server_context();
  const Server listening = unix_pairs() ? listen_unix(server_end->factory(), UnixServerOptions(name))
                                        : listen(server_end->factory(), served);
  const auto outcome = Outcome<Connection>::make();
  {
    const UserCall inside;
    if (unix_pairs()) {
      client().create_unix_connection(client_end->factory(), UnixConnectOptions(name), outcome->completion());
    } else {
      ConnectOptions options = address_of(listening);
      if (secure_pairs()) {
        options.tls = client_context();
        options.server_hostname = server_name;
      }
      client().create_connection(client_end->factory(), std::move(options), outcome->completion());
    }
  }
  run_until([&] { return outcome->done() && server_end->made(); }, "the pair to be connected");
  INFO(outcome->message());
  REQUIRE(outcome->succeeded());
  listening.close();
  return {std::move(client_end), std::move(server_end)};
}

Pair Stage::connect_pair() {
  return connect_pair(recorder("client"), recorder("server"));
}

void Stage::end_stream(const CheckedTransport& transport) const {
  if (secure_pairs()) {
    transport.close();
  } else {
    transport.write_eof();
  }
}

Pair Stage::connect_deaf_server() {
  const auto client_end = recorder("client");
  const auto server_end = recorder("server");
  client_end->send_buffer = fixed_send_buffer;
  server_end->start_paused = true;
  return connect_pair(client_end, server_end);
}

// --- failures and the end ---

void Stage::report_to_stage(Loop& loop) {
  loop.set_exception_handler([this, &loop](const ExceptionContext& context) {
    reports_.push_back({context.message, message_of(context.exception), context.exception, context.transport,
                        context.protocol, loop.time()});
  });
}

std::string Stage::story() const {
  std::string text;
  for (const auto& witness : witnesses_) text += "  " + witness->name() + ": " + witness->events() + "\n";
  for (const Report& report : reports_) text += "  reported: " + report.message + ": " + report.what + "\n";
  return text;
}

void Stage::finish() {
  // The variables of the test are gone, and hooks may refer to them.
  for (const auto& witness : witnesses_) witness->clear_hooks();
  INFO(story());
  // What the other end of a connection still has to see may be on its way.
  for (int i = 0; i < settles_max && !simulated() && !server().pending_operations(true).empty(); ++i)
    settle();
  REQUIRE(server().pending_operations(true) == std::vector<std::string>{});
  REQUIRE(client().pending_operations(true) == std::vector<std::string>{});
  server().close();
  client().close();
  for (const auto& witness : witnesses_) witness->check_complete();
  std::vector<std::string> unexpected;
  for (const Report& report : take_reports()) unexpected.push_back(report.message + ": " + report.what);
  CHECK_FALSE(has_children());
  witnesses_.clear();  // and with them the last handles of transports
  CHECK(tear_down() == 0);
  CHECK(Violations::take() == std::vector<std::string>{});
  CHECK(unexpected == std::vector<std::string>{});
}

}  // namespace twinwire::contract
