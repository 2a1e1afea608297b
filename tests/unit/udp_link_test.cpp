// What a simulated link does to datagrams.
#include <twinwire/net/datagram.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

class Inbox final : public DatagramProtocol {
 public:
  void connection_made(DatagramTransport made) override { transport = std::move(made); }
  void datagram_received(Bytes data, const Address&) override { received.emplace_back(as_text(data)); }
  DatagramTransport transport;
  std::vector<std::string> received;
};

/// Two hosts, with an endpoint each; "client" is connected to "server".
class Scene {
 public:
  explicit Scene(const sim::LinkOptions& link, std::uint64_t seed = 1) : world(seed) {
    sim::Host& server_host = world.add_host("server");
    sim::Host& client_host = world.add_host("client");
    world.set_link(client_host, server_host, link);
    DatagramOptions listening;
    listening.local_addr = {"", 53};
    listening.family = Family::ipv4;
    open(server_host, server, listening);
    DatagramOptions connected;
    connected.remote_addr = {"server", 53};
    open(client_host, client, connected);
    world.run_for(std::chrono::seconds(1));
  }

  /// What arrives when these are sent at once.
  std::vector<std::string> send(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) client->transport.sendto(text);
    world.run_for(std::chrono::seconds(10));
    return std::exchange(server->received, {});
  }

  sim::World world;
  std::shared_ptr<Inbox> server = std::make_shared<Inbox>();
  std::shared_ptr<Inbox> client = std::make_shared<Inbox>();

 private:
  static void open(sim::Host& host, const std::shared_ptr<Inbox>& inbox, DatagramOptions options) {
    host.loop().create_datagram_endpoint([inbox] { return inbox; }, std::move(options),
                                         [](std::exception_ptr failure, DatagramEndpoint) {
                                           if (failure) std::rethrow_exception(failure);
                                         });
  }
};

std::vector<std::string> numbers(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(std::to_string(i));
  return texts;
}

TEST_CASE("a calm link delivers every datagram once, in order") {
  CHECK(Scene({}).send(numbers(50)) == numbers(50));
}

TEST_CASE("a link that loses everything delivers nothing, and so does one that is down") {
  sim::LinkOptions losing;
  losing.loss = {1, 1};
  CHECK(Scene(losing).send(numbers(5)).empty());
  sim::LinkOptions down;
  down.down = true;
  CHECK(Scene(down).send(numbers(5)).empty());
}

TEST_CASE("a link that doubles delivers each datagram twice") {
  sim::LinkOptions link;
  link.duplicate = {1, 1};
  CHECK(Scene(link).send({"a", "b"}) == std::vector<std::string>{"a", "a", "b", "b"});
}

TEST_CASE("datagrams overtake each other where the link says so, and none is lost by it") {
  sim::LinkOptions link;
  link.overtaken = {1, 2};
  std::vector<std::string> arrived = Scene(link).send(numbers(50));
  CHECK(arrived != numbers(50));
  std::ranges::sort(arrived);
  std::vector<std::string> all = numbers(50);
  std::ranges::sort(all);
  CHECK(arrived == all);
}

TEST_CASE("a corrupted datagram differs in one bit") {
  sim::LinkOptions link;
  link.corrupt = {1, 1};
  const std::string sent(100, 'x');
  const std::vector<std::string> arrived = Scene(link).send({sent});
  REQUIRE(arrived.size() == 1);
  REQUIRE(arrived[0].size() == sent.size());
  int bits = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    bits += std::popcount(static_cast<unsigned>(static_cast<unsigned char>(arrived[0][i] ^ sent[i])));
  }
  CHECK(bits == 1);
}

TEST_CASE("a link that truncates cuts what is larger than its MTU, and nothing else") {
  sim::LinkOptions link;
  link.truncate = {1, 1};
  link.mtu = 1000;
  const std::string large(5000, 'x');
  CHECK(Scene(link).send({large, "small"}) == std::vector<std::string>{large.substr(0, 972), "small"});
  link.truncate = {};
  CHECK(Scene(link).send({large}) == std::vector<std::string>{large});
}

TEST_CASE("a receive buffer that is full drops what comes") {
  Scene scene({});
  twinwire::detail::DatagramSocketOptions options;
  options.family = Family::ipv4;
  options.local = Address::of("0.0.0.0", 54);
  error_code error;
  const auto wire = scene.world.host("server").loop().backend().open_datagram(options, error);
  REQUIRE(wire);
  // Each counts 64 bytes more than it has.
  REQUIRE(wire->set_option(Option::receive_buffer_size, 4 * 512) == error_code{});
  const Address server = scene.world.host("server").address().with_port(54);
  const auto sender = std::make_shared<Inbox>();
  DatagramOptions plain;
  plain.family = Family::ipv4;
  scene.world.host("client").loop().create_datagram_endpoint([sender] { return sender; }, plain, {});
  scene.world.run_for(std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) sender->transport.sendto(std::string(448, static_cast<char>('0' + i)), server);
  scene.world.run_for(std::chrono::seconds(1));
  std::array<ReceivedDatagram, DatagramWire::batch_size> received;
  const BatchResult result = wire->receive_many(received);
  REQUIRE(result.count == 4);
  CHECK(as_text(received[3].data) == std::string(448, '3'));
  CHECK(result.drained);
}

TEST_CASE("with a bandwidth, datagrams take as long as their bytes do") {
  sim::LinkOptions link;
  link.latency = std::chrono::milliseconds(1);
  link.bandwidth = 100'000;
  Scene scene(link);
  const TimePoint before = scene.world.time();
  for (int i = 0; i < 10; ++i) scene.client->transport.sendto(std::string(972, 'x'));
  scene.world.run_until([&] { return scene.server->received.size() == 10; });
  // Ten packets of 1000 bytes, and the latency of the last.
  CHECK(scene.world.time() - before == std::chrono::milliseconds(101));
}

TEST_CASE("a forged datagram comes from where it says, and from nowhere else") {
  Scene scene({});
  sim::Host& forger = scene.world.add_host("forger");
  const Address server = scene.world.host("server").address().with_port(53);
  const Address client = *scene.client->transport.sockname();
  // The client is connected: only what comes from the server's address and port is for it.
  forger.send_forged(server, client, as_bytes("as the server"));
  forger.send_forged(server.with_port(54), client, as_bytes("as another port"));
  forger.send_forged(forger.address().with_port(53), client, as_bytes("as itself"));
  forger.send_forged(server, client.with_port(9), as_bytes("to nobody"));
  scene.world.run_for(std::chrono::seconds(1));
  CHECK(scene.client->received == std::vector<std::string>{"as the server"});
  CHECK_THROWS_AS(forger.send_forged(server, client.with_port(0), {}), std::invalid_argument);
  CHECK_THROWS_AS(forger.send_forged(Address::of("::1", 53), client, {}), std::invalid_argument);
}

TEST_CASE("what two addresses of one host send is lost independently") {
  sim::WorldOptions options;
  options.link.loss = {1, 2};
  sim::World world(1, options);
  sim::HostOptions two;
  two.addresses = {Address::of("10.1.0.1", 0), Address::of("10.1.0.2", 0)};
  sim::Host& server = world.add_host("server", two);
  sim::Host& client = world.add_host("client");
  const auto open = [](sim::Host& host, const std::string& address, Port port) {
    const auto inbox = std::make_shared<Inbox>();
    DatagramOptions binding;
    binding.local_addr = {address, std::move(port)};
    host.loop().create_datagram_endpoint([inbox] { return inbox; }, binding, [](auto, auto) {});
    return inbox;
  };
  const auto one = open(server, "10.1.0.1", 53);
  const auto other = open(server, "10.1.0.2", 53);
  const auto receiver = open(client, client.address().host(), 1000);
  world.run_for(std::chrono::seconds(1));
  const Address there = client.address().with_port(1000);
  for (int i = 0; i < 40; ++i) {
    one->transport.sendto(std::to_string(i), there);
    other->transport.sendto(std::to_string(i), there);
  }
  world.run_for(std::chrono::seconds(10));
  // Of a pair both arrive, none does, or one of them.
  const auto alone = std::ranges::count_if(receiver->received, [&](const std::string& text) {
    return std::ranges::count(receiver->received, text) == 1;
  });
  CHECK(alone > 5);
}

TEST_CASE("the same seed damages datagrams in the same way, another one differently") {
  sim::LinkOptions link = sim::LinkOptions::rough();
  link.corrupt = {1, 10};
  const auto run = [&](std::uint64_t seed) {
    Scene scene(link, seed);
    scene.send(numbers(200));
    return scene.world.fingerprint();
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

}  // namespace
}  // namespace twinwire
