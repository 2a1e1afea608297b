// Who lives how long: protocols that replace themselves, operations that are owned by what they complete.
#include "harness.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace twinwire::contract {
namespace {

/// Hands its connection to another protocol in the middle of a callback, and notes whether it outlives that.
class Upgrading : public Protocol {
 public:
  explicit Upgrading(std::shared_ptr<Recorder> next) : next_(std::move(next)) {}
  ~Upgrading() override { *alive = false; }
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes) override {
    const std::shared_ptr<bool> still_here = alive;
    next_->joins(CheckedTransport(transport_));
    transport_.set_protocol(next_->protocol());
    outlived = *still_here;
  }

  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  inline static bool outlived = false;

 private:
  std::shared_ptr<Recorder> next_;
  Transport transport_;
};

/// As above, when it is asked for a buffer.
class UpgradingBuffered : public BufferedProtocol {
 public:
  explicit UpgradingBuffered(std::shared_ptr<Recorder> next) : next_(std::move(next)) {}
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  MutableBytes get_buffer(std::ptrdiff_t) override {
    next_->joins(CheckedTransport(transport_));
    transport_.set_protocol(next_->buffered_protocol());
    return space_;
  }
  void buffer_updated(std::size_t) override { FAIL("the bytes belong to the new protocol"); }

 private:
  std::shared_ptr<Recorder> next_;
  Transport transport_;
  std::array<std::byte, 64> space_{};
};

/// Connects a recorder to a server with this protocol, which nobody but its transport owns.
std::shared_ptr<Recorder> connect_to_owned(Stage& stage, std::shared_ptr<BaseProtocol> protocol) {
  const Server server =
      stage.listen([owned = std::move(protocol)]() mutable { return std::exchange(owned, nullptr); });
  const auto client = stage.recorder("client");
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), stage.address_of(server), outcome->completion());
  stage.run_until([&] { return outcome->done() && server.connections() == 1; }, "the connection");
  server.close();
  return client;
}

CONTRACT_TEST("GEN-14", "a protocol that replaces itself in a callback lives until that has returned") {
  const auto next = stage.recorder("next");
  auto first = std::make_shared<Upgrading>(next);
  const std::shared_ptr<bool> alive = first->alive;
  Upgrading::outlived = false;
  const auto client = connect_to_owned(stage, std::move(first));
  client->transport.write("upgrade");
  stage.run_until([&] { return !*alive; }, "the old protocol to be let go of");
  CHECK(Upgrading::outlived);
  client->transport.write("new");
  stage.run_until_received(*next, 3);
  CHECK(next->received() == "new");
  client->transport.close();
  stage.run_until_lost(*client);
  stage.run_until_lost(*next);
}

CONTRACT_TEST("GEN-14", "a protocol that replaces itself when asked for a buffer gets no bytes any more") {
  const auto next = stage.recorder("next");
  const auto client = connect_to_owned(stage, std::make_shared<UpgradingBuffered>(next));
  client->transport.write("hello");
  stage.run_until_received(*next, 5);
  CHECK(next->received() == "hello");
  client->transport.close();
  stage.run_until_lost(*client);
  stage.run_until_lost(*next);
}

/// Neither a Protocol nor a BufferedProtocol.
class Unfit : public BaseProtocol {};

CONTRACT_TEST("CONN-10",
              "a factory that makes no stream protocol fails the operation, the socket is closed") {
  const auto accepted = stage.recorder("accepted");
  const Server server = stage.listen(accepted->factory());
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection([] { return std::make_shared<Unfit>(); }, stage.address_of(server),
                                   outcome->completion());
  stage.run_until([&] { return outcome->done() && accepted->lost(); }, "the end of both");
  CHECK(outcome->message() == "a stream transport needs a Protocol or a BufferedProtocol");
  server.close();
}

CONTRACT_TEST("SRV-02", "a factory that makes no stream protocol costs its connection only") {
  int made = 0;
  const auto good = stage.recorder("good");
  const Server server = stage.listen([&, good]() -> std::shared_ptr<BaseProtocol> {
    if (++made == 1) return std::make_shared<Unfit>();
    return good->protocol();
  });
  const auto first = stage.recorder("first");
  stage.client().create_connection(first->factory(), stage.address_of(server),
                                   [](std::exception_ptr, const Connection&) {});
  stage.run_until_lost(*first);
  const std::vector<Report> reports = stage.take_reports();
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].what == "a stream transport needs a Protocol or a BufferedProtocol");
  CHECK(server.connections() == 0);
  const auto second = stage.recorder("second");
  stage.client().create_connection(second->factory(), stage.address_of(server),
                                   [](std::exception_ptr, const Connection&) {});
  stage.run_until([&] { return good->made(); }, "the next connection");
  second->transport.close();
  stage.run_until_lost(*second);
  stage.run_until_lost(*good);
  server.close();
}

CONTRACT_TEST("CONN-01", "an operation that is stored in what its completion owns is let go of") {
  const auto accepted = stage.recorder("accepted");
  const Server server = stage.listen(accepted->factory());
  const auto client = stage.recorder("client");
  struct Owner {
    Operation operation;
    bool connected = false;
  };
  auto owner = std::make_shared<Owner>();
  const std::weak_ptr<Owner> watched = owner;
  owner->operation = stage.client().create_connection(
      client->factory(), stage.address_of(server),
      [owner](std::exception_ptr, const Connection&) { owner->connected = true; });
  stage.run_until([&] { return owner->connected && accepted->made(); }, "the connection");
  owner = nullptr;
  stage.settle();
  CHECK(watched.expired());
  client->transport.close();
  stage.run_until_lost(*client);
  stage.run_until_lost(*accepted);
  server.close();
}

CONTRACT_TEST("CONN-03", "what a loop's own resolver throws is what the operation fails with") {
  Loop& loop = stage.client();
  bool answers = false;  // before it throws
  SECTION("instead of an answer") {}
  SECTION("after an answer") {
    answers = true;
  }
  loop.set_resolver([answers](const ResolveRequest&, ResolveHandler answer) -> void {
    if (answers) answer({}, {Address::of("127.0.0.1", 9)});
    throw std::runtime_error("the zone file is missing");
  });
  const auto outcome = Outcome<Connection>::make();
  loop.create_connection(stage.recorder("never")->factory(), ConnectOptions("some.name", 80),
                         outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the failure");
  CHECK(outcome->message() == "the zone file is missing");
  loop.set_resolver(nullptr);
}

CONTRACT_TEST("CONN-03", "a NUL in a name is an error, not its end") {
  const auto outcome = Outcome<std::vector<Address>>::make();
  const char text[] = "127.0.0.1\0.example.com";
  stage.client().getaddrinfo(std::string(text, sizeof text - 1), 80, {}, outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the failure");
  CHECK(outcome->error() == "invalid_argument");
}

CONTRACT_TEST("SRV-08", "of several hosts, one that cannot be bound fails the server, and none stays bound") {
  ServerOptions options;
  options.hosts = {stage.server_address(), "192.0.2.77"};
  options.port = 0;
  const auto outcome = Outcome<Server>::make();
  const std::size_t before = stage.open_descriptors();
  stage.server().create_server(stage.recorder("never")->factory(), options, outcome->completion());
  stage.run_until([&] { return outcome->done(); }, "the failure");
  CHECK(outcome->error() == "address_not_available");
  CHECK_THAT(outcome->message(), Catch::Matchers::Contains("192.0.2.77"));
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("LOOP-08", "an exception handler that replaces itself lives until it has returned") {
  Loop& loop = stage.client();
  const auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = alive;
  bool outlived = false;
  loop.set_exception_handler([&loop, &outlived, alive](const ExceptionContext&) {
    loop.set_exception_handler([](const ExceptionContext&) {});
    outlived = *alive == 1;
  });
  loop.call_soon([] { throw std::runtime_error("thrown"); });
  stage.run_until([&] { return outlived; }, "the handler");
  CHECK(alive.use_count() == 1);
}

CONTRACT_TEST("LOOP-10", "cancelling leaves the result to the function that still works on it") {
  struct Result {
    std::string text;
  };
  const auto outcome = Outcome<Result>::make();
  std::atomic<bool> ran = false;
  const Operation operation =
      stage.client().run_in_executor([&ran] { return ran = true, Result{"late"}; }, outcome->completion());
  operation.cancel();
  stage.run_until([&] { return outcome->done() && ran; }, "both ends");
  CHECK(outcome->error() == "operation_aborted");
  CHECK(outcome->value.text.empty());
}

}  // namespace
}  // namespace twinwire::contract
