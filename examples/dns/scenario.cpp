#include "scenario.hpp"

#include "mallory.hpp"
#include "record_data.hpp"
#include "server.hpp"
#include "stub.hpp"

#include <twinwire/net/task.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace dns {
namespace {

using twinwire::awaitable;
using namespace std::chrono_literals;

constexpr int port = 53;
constexpr twinwire::Duration timeout = 200ms;
constexpr int tries = 4;
/// Four tries over UDP, and as much time once more over TCP.
constexpr twinwire::Duration question_max = 2 * 15 * timeout;

constexpr twinwire::Purpose which_purpose{"which", "{entity}: asked question {outcome} of the list"};

constexpr const char* zone_text = R"(
$ORIGIN example.test.
@      IN SOA ns hostmaster 1 2 3 4 5
www    IN A 192.0.2.1
       IN AAAA 2001:db8::1
web    IN CNAME www
text   IN TXT "some text"
large  IN TXT )";

struct Asked {
  const char* name;
  Type type;
};

constexpr std::array asked{Asked{"www.example.test", Type::a},     Asked{"WWW.Example.test", Type::aaaa},
                           Asked{"web.example.test", Type::a},     Asked{"text.example.test", Type::txt},
                           Asked{"large.example.test", Type::txt}, Asked{"none.example.test", Type::a},
                           Asked{"www.example.test", Type::mx},    Asked{"www.elsewhere.test", Type::a}};

Zone make_zone() {
  std::string text = zone_text;
  for (int i = 0; i < 10; ++i) text += '"' + std::string(200, static_cast<char>('a' + i)) + "\" ";
  return Zone::parse(text);
}

/// A server that Mallory listens to.
class TappedServer final : public UdpServer {
 public:
  TappedServer(std::shared_ptr<const Responder> responder, Mallory& mallory)
      : UdpServer(std::move(responder)), mallory_(mallory) {}

  void datagram_received(twinwire::Bytes data, const twinwire::Address& sender) override {
    mallory_.saw(data, sender);
    UdpServer::datagram_received(data, sender);
  }

 private:
  Mallory& mallory_;
};

class Play {
 public:
  Play(twinwire::sim::World& world, const ScenarioOptions& options)
      : world_(world),
        options_(options),
        server_(world.add_host("server")),
        client_(world.add_host("client")),
        mallory_host_(world.add_host("mallory")),
        mallory_(mallory_host_, server_.address().with_port(port)),
        responder_(std::make_shared<const Responder>(make_zone())),
        stub_(client_.loop(), stub_options()) {
    world.set_link(client_, mallory_host_, {});
  }

  Tally run() {
    run_until_complete(server_.loop(), serve());
    const twinwire::Site which = world_.choices().site("client", which_purpose);
    for (int i = 0; i < options_.questions; ++i) {
      const Asked& one = asked.at(world_.choices().draw(which, static_cast<std::uint64_t>(i), asked.size()));
      spawn(client_.loop(), ask(one, true), "ask " + std::to_string(i));
    }
    world_.run_until([&] { return tally_.answered + tally_.timed_out == options_.questions; });
    // Once all is well again nothing is left that spoils it.
    world_.set_link(client_, server_, {});
    for (const Asked& one : asked) run_until_complete(client_.loop(), ask(one, false));
    tally_.forged = mallory_.forged();
    return tally_;
  }

 private:
  StubOptions stub_options() const {
    StubOptions options(server_.address().host(), port);
    options.timeout = timeout;
    options.tries = tries;
    options.mistakes = options_.mistakes;
    return options;
  }

  awaitable<void> serve() {
    const twinwire::ServerOptions where("", port);
    co_await serve_streams(server_.loop(), responder_, where);
    twinwire::DatagramOptions datagrams;
    datagrams.local_addr.emplace("", port);
    datagrams.family = twinwire::Family::ipv4;
    const auto tapped = [this] { return std::make_shared<TappedServer>(responder_, mallory_); };
    co_await twinwire::create_datagram_endpoint(server_.loop(), tapped, datagrams);
  }

  awaitable<void> ask(Asked one, bool may_time_out) {
    const twinwire::TimePoint begun = client_.loop().time();
    const std::string question = std::string(one.name) + " " + to_string(one.type);
    try {
      check(question, one, co_await stub_.ask(Name::of(one.name), one.type));
      ++tally_.answered;
    } catch (const twinwire::OperationError& error) {
      if (error.code() != twinwire::errc::timed_out || !may_time_out) throw;
      ++tally_.timed_out;
    }
    const twinwire::Duration took = client_.loop().time() - begun;
    if (took > question_max) throw std::logic_error(question + " took longer than it may");
  }

  void check(const std::string& question, const Asked& one, const Message& answer) const {
    const Zone::Found wanted = responder_->zone().find({Name::of(one.name), one.type, class_internet});
    if (answer.rcode == wanted.rcode && answer.answers == wanted.answers) return;
    // In quotes, so that failures that differ only in this count as one kind.
    const std::string first = answer.answers.empty() ? "" : ": " + to_string(answer.answers.front());
    throw std::logic_error("\"" + question + "\" was answered with \"" + to_string(answer.rcode) + first +
                           "\"");
  }

  twinwire::sim::World& world_;
  ScenarioOptions options_;
  twinwire::sim::Host& server_;
  twinwire::sim::Host& client_;
  twinwire::sim::Host& mallory_host_;
  Mallory mallory_;
  std::shared_ptr<const Responder> responder_;
  Stub stub_;
  Tally tally_;
};

}  // namespace

twinwire::sim::WorldOptions scenario_world() {
  twinwire::sim::WorldOptions options;
  options.link.latency = 20ms;
  options.link.jitter = 40ms;
  options.link.loss = {1, 5};
  options.link.duplicate = {1, 10};
  options.link.overtaken = {1, 10};
  options.link.cut = {1, 8};
  options.link.rechunk = {1, 8};
  return options;
}

Tally run_scenario(twinwire::sim::World& world, const ScenarioOptions& options) {
  return Play(world, options).run();
}

}  // namespace dns
