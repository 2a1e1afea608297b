#include "endpoints.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

constexpr int small_backlog = 1;
/// More than a system lets in beyond its backlog.
constexpr std::size_t fillers_max = 8;
/// tcpmux: a port that nobody has.
constexpr std::uint16_t unused_port = 1;

}  // namespace

bool has_address(Loop& loop, const std::string& host) {
  error_code error;
  return loop.backend().bind(Address::of(host, 0), {}, error) != nullptr;
}

// --- addresses ---

RefusingAddress::RefusingAddress(Stage& stage, const std::string& host) {
  error_code error;
  bound_ = stage.server().backend().bind(Address::of(host, 0), {}, error);
  address_ = bound_ ? bound_->local_address().value() : Address::of(host, unused_port);
}

std::uint16_t free_port(Stage& stage) {
  constexpr std::uint16_t first = 20'000;
  constexpr std::uint32_t count = 10'000;
  if (stage.simulated()) return first;
  std::random_device random;  // other processes choose at the same time
  detail::Backend& backend = stage.server().backend();
  const bool six = has_address(stage.server(), "::1");
  for (std::uint32_t tries = 0; tries < count; ++tries) {
    const auto port = static_cast<std::uint16_t>(first + random() % count);
    const Address everywhere = Address::of("0.0.0.0", port);
    detail::DatagramSocketOptions datagrams;
    datagrams.family = Family::ipv4;
    datagrams.local = everywhere;
    error_code error;
    const bool taken = six && !backend.bind(Address::of("::", port), {}, error);
    if (!taken && backend.bind(everywhere, {}, error) && backend.open_datagram(datagrams, error)) return port;
  }
  throw std::runtime_error("no port is free");
}

/// A socket that takes, or waits for, a place in the backlog.
class SilentAddress::Filler final : private WireSink {
 public:
  Filler(Loop& loop, const Address& remote) {
    error_code error;
    wire_ = loop.backend().connect(remote, std::nullopt, error);
    REQUIRE(error == error_code{});
    wire_->set_sink(this);
  }
  bool connected() const noexcept { return connected_; }

 private:
  void on_readable() override {}
  void on_writable() override { connected_ = connected_ || !wire_->finish_connect().failed(); }
  void on_hang_up() override {}

  std::unique_ptr<Wire> wire_;
  bool connected_ = false;
};

SilentAddress::SilentAddress(Stage& stage) {
  error_code error;
  acceptor_ = stage.server().backend().bind(Address::of(stage.server_address(), 0), {}, error);
  REQUIRE(acceptor_ != nullptr);
  REQUIRE(!acceptor_->listen(small_backlog).failed());
  address_ = acceptor_->local_address().value();
  // One by one: of several at once the system may take more than there are places.
  do {
    REQUIRE(fillers_.size() < fillers_max);
    fillers_.push_back(std::make_unique<Filler>(stage.client(), address_));
    stage.settle();
  } while (fillers_.back()->connected());
}

SilentAddress::~SilentAddress() = default;

void SilentAddress::give_up() {
  acceptor_->close();
}

// --- servers and clients ---

Service::Service(Stage& stage, ServerOptions options, std::function<void(Recorder&)> prepare)
    : Service(stage, std::move(prepare),
              [&](ProtocolFactory factory) { return stage.listen(std::move(factory), std::move(options)); }) {
}

Service::Service(Stage& stage, std::function<void(Recorder&)> prepare,
                 const std::function<Server(ProtocolFactory)>& listen)
    : accepted_(std::make_shared<std::vector<std::shared_ptr<Recorder>>>()) {
  const auto make_protocol = [&stage, prepare = std::move(prepare), accepted = accepted_] {
    const auto recorder = stage.recorder("accepted " + std::to_string(accepted->size()));
    prepare(*recorder);
    accepted->push_back(recorder);
    return recorder->protocol();
  };
  server = listen(make_protocol);
}

std::size_t Service::alive() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(*accepted_, [](const auto& recorder) { return !recorder->lost(); }));
}

Connecting::Connecting(Stage& stage, Loop& loop, ConnectOptions options)
    : Connecting(stage, [&](ProtocolFactory factory, Completion<Connection> done) {
        return loop.create_connection(std::move(factory), std::move(options), std::move(done));
      }) {}

Connecting::Connecting(Stage& stage, const Begin& begin) : protocol(stage.recorder("client")), stage_(stage) {
  const auto make_protocol = [calls = factory_calls_, recorder = protocol] {
    ++*calls;
    return recorder->protocol();
  };
  operation = as_user([&] { return begin(make_protocol, outcome->completion()); });
}

void Connecting::run() {
  stage_.run_until([&] { return outcome->done(); }, "a connection to be made, or not");
}

std::vector<std::string> Connecting::attempts() const {
  std::vector<std::string> texts;
  try {
    if (outcome->failure) std::rethrow_exception(outcome->failure);
  } catch (const OperationError& error) {
    for (const Attempt& attempt : error.attempts()) {
      texts.push_back(attempt.target + " " + name_of(attempt.error));
    }
  }
  return texts;
}

std::shared_ptr<Recorder> connect_to(Stage& stage, const Service& service) {
  const std::size_t before = service.count();
  Connecting connecting(stage, stage.client(), stage.address_of(service.server));
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  stage.run_until([&] { return service.count() > before; }, "the connection to be accepted");
  return connecting.protocol;
}

std::string error_of_connecting(Stage& stage, Loop& from, const Address& address) {
  Connecting connecting(stage, from, {address.host(), address.port()});
  connecting.run();
  if (connecting.outcome->succeeded()) connecting.protocol->transport.close();
  return connecting.outcome->error();
}

// --- names ---

Names::Names(Loop& loop) : loop_(loop) {
  loop.set_resolver([state = state_](const ResolveRequest& request, ResolveHandler answer) {
    state->asked.push_back(request.host + " " + request.service);
    const auto known = state->answers.find(request.host);
    if (known == state->answers.end()) {
      state->pending.push_back(std::move(answer));
    } else {
      answer(known->second.first, known->second.second);
    }
  });
}

void Names::add(const std::string& host, std::vector<Address> addresses) {
  state_->answers[host] = {error_code{}, std::move(addresses)};
}

void Names::fail(const std::string& host, error_code error) {
  state_->answers[host] = {error, {}};
}

void Names::answer_late(std::vector<Address> addresses) {
  for (ResolveHandler& answer : std::exchange(state_->pending, {})) {
    as_user([&] { answer({}, addresses); });
  }
}

}  // namespace twinwire::contract
