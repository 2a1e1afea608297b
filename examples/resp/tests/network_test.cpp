// Server and client over the simulated network.
#include "client.hpp"
#include "reply_parser.hpp"
#include "server.hpp"

#include <twinwire/net/observer.hpp>
#include <twinwire/sim/world.hpp>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace resp {
namespace {

using twinwire::sim::World;

constexpr int port = 6379;

/// Sends given bytes, and keeps all that comes back.
class Peer final : public twinwire::Protocol {
 public:
  void connection_made(twinwire::Transport made) override { transport = std::move(made); }
  void data_received(twinwire::Bytes data) override { received += twinwire::as_text(data); }
  bool eof_received() override {
    ended = true;
    return false;
  }
  void connection_lost(twinwire::error_code why) override { error = why; }

  twinwire::Transport transport;
  std::string received;
  bool ended = false;
  twinwire::error_code error;
};

/// A world with a server, and a host for clients.
struct Net {
  explicit Net(const ServerOptions& options = {}, const Mistakes& mistakes = {})
      : server_host(world.add_host("server")),
        client_host(world.add_host("client")),
        server(Server::create(server_host.loop(), options, mistakes)) {
    server_host.loop().create_server(server->factory(), twinwire::ServerOptions("", port),
                                     [this](std::exception_ptr failure, twinwire::Server made) {
                                       REQUIRE_FALSE(failure);
                                       listening = std::move(made);
                                     });
  }

  std::shared_ptr<Peer> connect() {
    auto peer = std::make_shared<Peer>();
    client_host.loop().create_connection(
        [peer] { return peer; }, twinwire::ConnectOptions("server", port),
        [](std::exception_ptr failure, const twinwire::Connection&) { REQUIRE_FALSE(failure); });
    world.run_until([&] { return static_cast<bool>(peer->transport); });
    return peer;
  }
  ClientOptions options() const {
    ClientOptions all;
    all.host = "server";
    all.port = port;
    all.timeout = std::chrono::milliseconds(500);
    return all;
  }
  void run_for(std::int64_t milliseconds) { world.run_for(std::chrono::milliseconds(milliseconds)); }

  World world{1};
  twinwire::sim::Host& server_host;
  twinwire::sim::Host& client_host;
  std::shared_ptr<Server> server;
  twinwire::Server listening;
};

/// Counts the segments that reach the client's host.
class SegmentCount final : public twinwire::Observer {
 public:
  void observe(const twinwire::Observation& observation) override {
    if (observation.what == "segment" && observation.host == "client") ++segments;
  }
  int segments = 0;
};

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_CASE("all replies to one read go out in one write") {
  Net net;
  const auto peer = net.connect();
  SegmentCount count;
  net.world.set_observer(&count);
  peer->transport.write(repeated("PING\r\nINCR n\r\nECHO hello\r\n", 100));
  net.run_for(100);
  net.world.set_observer(nullptr);
  CHECK(peer->received.size() > 2000);
  CHECK(count.segments == 1);
}

TEST_CASE("a reader that pauses loses nothing, and stops the server") {
  ServerOptions options;
  options.write_buffer_high = 10'000;
  Net net(options);
  const auto peer = net.connect();
  const std::string value(5'000, 'v');
  peer->transport.write("SET k " + value + "\r\n");
  net.run_for(100);
  peer->transport.pause_reading();
  peer->transport.write(repeated("GET k\r\n", 1000));
  peer->transport.write_eof();
  net.run_for(5'000);
  CHECK(peer->received == "+OK\r\n");
  peer->transport.resume_reading();
  net.run_for(60'000);
  CHECK(peer->received == "+OK\r\n" + repeated("$5000\r\n" + value + "\r\n", 1000));
  CHECK(peer->ended);
  CHECK_FALSE(peer->error);
}

TEST_CASE("a server that reads on while it is paused closes too early") {
  ServerOptions options;
  options.write_buffer_high = 10'000;
  Mistakes mistakes;
  mistakes.closes_while_paused = true;
  Net net(options, mistakes);
  const auto peer = net.connect();
  peer->transport.write("SET k " + std::string(5'000, 'v') + "\r\n");
  net.run_for(100);
  peer->transport.write(repeated("GET k\r\n", 1000));
  peer->transport.write_eof();
  net.run_for(60'000);
  CHECK(peer->ended);
  CHECK(peer->received.size() < 4'000'000);
}

TEST_CASE("QUIT is answered, and nothing behind it") {
  Net net;
  const auto peer = net.connect();
  peer->transport.write("PING\r\nQUIT\r\nPING\r\n");
  net.run_for(100);
  CHECK(peer->received == "+PONG\r\n+OK\r\n");
  CHECK(peer->ended);
}

TEST_CASE("a protocol error is told, and ends the connection") {
  Net net;
  const auto peer = net.connect();
  peer->transport.write("PING\r\n*1\r\n:1\r\n");
  net.run_for(100);
  CHECK(peer->received == "+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  CHECK(peer->ended);
}

TEST_CASE("one client too many is refused, and may come back") {
  ServerOptions options;
  options.clients_max = 1;
  Net net(options);
  const auto first = net.connect();
  const auto second = net.connect();
  net.run_for(100);
  CHECK(second->received == "-ERR max number of clients reached\r\n");
  CHECK(second->ended);
  first->transport.close();
  net.run_for(100);
  const auto third = net.connect();
  third->transport.write("PING\r\n");
  net.run_for(100);
  CHECK(third->received == "+PONG\r\n");
}

/// What became of requests, in order.
struct Answers {
  void ask(Client& client, std::vector<std::string> arguments, bool repeatable) {
    client.request(std::move(arguments), repeatable,
                   [this](Answer answer) { all.push_back(std::move(answer)); });
  }
  std::vector<Answer> all;
};

TEST_CASE("a client's requests are answered in order, and finish ends the connection") {
  Net net;
  Client client(net.client_host.loop(), net.options());
  Answers answers;
  for (int i = 1; i <= 3000; ++i) answers.ask(client, {"INCR", "n"}, false);
  bool finished = false;
  client.finish([&] { finished = true; });
  net.world.run_until([&] { return finished; });
  REQUIRE(answers.all.size() == 3000);
  for (int i = 0; i < 3000; ++i) REQUIRE(answers.all[i].reply == Reply::number(i + 1));
  CHECK_THROWS_AS(answers.ask(client, {"PING"}, true), std::logic_error);
}

TEST_CASE("a client that cannot connect gives up with the reason") {
  Net net;
  ClientOptions options = net.options();
  options.port = port + 1;
  options.attempts_max = 3;
  Client client(net.client_host.loop(), options);
  Answers answers;
  answers.ask(client, {"PING"}, true);
  net.world.run_until([&] { return !answers.all.empty(); });
  CHECK(answers.all[0].fate == Answer::Fate::not_sent);
  CHECK(answers.all[0].reason.find("Connection refused") != std::string::npos);
  // Two pauses, of 50 ms and of 100 ms, and up to a quarter more.
  CHECK(net.world.time().time_since_epoch() > std::chrono::milliseconds(150));
  CHECK(net.world.time().time_since_epoch() < std::chrono::milliseconds(220));
}

TEST_CASE("after a lost reply only what may be repeated is sent again") {
  Net net;
  Client client(net.client_host.loop(), net.options());
  Answers answers;
  answers.ask(client, {"INCR", "n"}, false);
  net.world.run_until([&] { return answers.all.size() == 1; });
  net.world.link(net.server_host, net.client_host).options.down = true;
  answers.ask(client, {"INCR", "n"}, false);
  answers.ask(client, {"GET", "n"}, true);
  net.run_for(700);
  REQUIRE(answers.all.size() == 2);
  CHECK(answers.all[1].fate == Answer::Fate::in_doubt);
  CHECK(answers.all[1].reason == "no reply within 500 ms");
  CHECK(client.pending() == 1);
  net.world.link(net.server_host, net.client_host).options.down = false;
  net.world.run_until([&] { return answers.all.size() == 3; });
  CHECK(answers.all[2].reply == Reply::bulk("2"));
}

TEST_CASE("with that mistake the increment is executed twice") {
  Net net;
  Mistakes mistakes;
  mistakes.retries_everything = true;
  Client client(net.client_host.loop(), net.options(), mistakes);
  Answers answers;
  answers.ask(client, {"PING"}, true);
  net.world.run_until([&] { return answers.all.size() == 1; });
  net.world.link(net.server_host, net.client_host).options.down = true;
  answers.ask(client, {"INCR", "n"}, false);
  net.run_for(700);
  net.world.link(net.server_host, net.client_host).options.down = false;
  net.world.run_until([&] { return answers.all.size() == 2; });
  CHECK(answers.all[1].reply == Reply::number(2));
}

TEST_CASE("a client goes back to a server that was gone") {
  Net net;
  Client client(net.client_host.loop(), net.options());
  Answers answers;
  answers.ask(client, {"PING"}, true);
  net.world.run_until([&] { return answers.all.size() == 1; });
  net.listening.abort_clients();
  net.run_for(10);
  answers.ask(client, {"PING"}, true);
  net.world.run_until([&] { return answers.all.size() == 2; });
  CHECK(answers.all[1].reply == Reply::status("PONG"));
}

}  // namespace
}  // namespace resp
