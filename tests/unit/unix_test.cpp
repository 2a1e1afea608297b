// Unix sockets in the simulated world, beside what the contract says; and what a lost loop leaves of their
// files.
#include "endpoints.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/observer.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

const std::string path = "/run/x";

Service serve_unix(sim::Host& host, const UnixServerOptions& options = UnixServerOptions(path)) {
  Service service;
  const auto factory = [accepted = service.accepted] {
    return accepted->emplace_back(std::make_shared<Recorder>());
  };
  service.server = run_until_complete(host.loop(), create_unix_server(host.loop(), factory, options));
  return service;
}

std::shared_ptr<Recorder> connect_unix(sim::Host& host, const std::string& to = path) {
  auto protocol = std::make_shared<Recorder>();
  const UnixConnectOptions options(to);
  run_until_complete(host.loop(),
                     create_unix_connection(host.loop(), [protocol] { return protocol; }, options));
  return protocol;
}

sim::LinkOptions bad_loopback() {
  sim::LinkOptions options = sim::LinkOptions::rough();
  options.latency = 10us;
  options.loss = {9, 10};
  options.down = true;
  return options;
}

class Entities final : public Observer {
 public:
  void observe(const Observation& observation) override { seen.emplace(observation.entity); }
  std::set<std::string> seen;
};

TEST_CASE(
    "the name of a Unix socket as text: a path, an abstract name, none, and bytes that cannot be shown") {
  CHECK(Address::from_path("/run/x").to_string() == "/run/x");
  CHECK(Address::from_path(abstract_path("x")).to_string() == "@x");
  CHECK(Address::from_path("").to_string() == "(unnamed)");
  CHECK(Address::from_path("/a\x1b\n").to_string() == "/a\\x1b\\x0a");
  CHECK(Address::from_path(abstract_path(std::string("a\0b", 3))).to_string() == "@a\\x00b");
  CHECK(Address::from_path("/x").family() == Family::unix_domain);
  CHECK(Address::from_path("/x").port() == 0);
  CHECK_FALSE(Address::from_path("").is_unspecified());
  CHECK(Address::from_path("/a") < Address::from_path("/b"));
  CHECK(Address::from_path("/a") != Address::from_path(abstract_path("/a")));
  CHECK_THROWS_WITH(Address::from_path(std::string(108, 'x')), Contains("108 bytes, 107 at most"));
}

TEST_CASE("each host has its own paths and abstract names") {
  sim::World world(1);
  sim::Host& a = world.add_host("a");
  sim::Host& b = world.add_host("b");
  const std::string name = abstract_path("x");
  const Service at_a = serve_unix(a);
  const Service also_at_a = serve_unix(a, UnixServerOptions(name));
  CHECK_THROWS_WITH(connect_unix(b), Contains("connect to /run/x: No such file or directory"));
  CHECK_THROWS_WITH(connect_unix(b, name), Contains("connect to @x: Connection refused"));
  const Service at_b = serve_unix(b);
  const Service also_at_b = serve_unix(b, UnixServerOptions(name));
  connect_unix(a);
  connect_unix(a, name);
  world.run();
  CHECK(at_a.count() == 1);
  CHECK(also_at_a.count() == 1);
  CHECK(at_b.count() + also_at_b.count() == 0);
  CHECK(a.files().is_socket(path));
  CHECK(a.files().remove(path));
  CHECK_FALSE(a.files().contains(path));
  CHECK(b.files().is_socket(path));
}

TEST_CASE("connections over Unix sockets are named by host, path and number") {
  sim::World world(1);
  Entities entities;
  world.set_observer(&entities);
  sim::HostOptions two_addresses;
  two_addresses.addresses = {Address::of("10.0.0.1", 0), Address::of("10.0.0.2", 0)};
  sim::Host& host = world.add_host("a", two_addresses);
  const Service service = serve_unix(host);
  connect_unix(host);
  connect_unix(host);
  world.run();
  CHECK(entities.seen.contains("a>a:/run/x#1"));
  CHECK(entities.seen.contains("a>a:/run/x#2"));
  world.set_observer(nullptr);
}

TEST_CASE("a Unix socket takes the time of the loopback link, on which nothing is lost") {
  sim::WorldOptions options;
  SECTION("calm") {}
  SECTION("a loopback that loses everything") {
    options.loopback = bad_loopback();
    options.loopback.jitter = 0us;
  }
  sim::World world(1, options);
  sim::Host& host = world.add_host("a");
  const Service service = serve_unix(host);
  const TimePoint begin = world.time();
  const auto client = connect_unix(host);
  CHECK(world.time() - begin == 10us);
  world.run();
  CHECK(world.time() - begin == 20us);
  client->transport.write(std::string(100'000, 'x'));
  client->transport.write_eof();
  world.run();
  CHECK(service[0].received.size() == 100'000);
  CHECK(service[0].events == "CM DR ER CL ");
  CHECK(client->events == "CM ER CL ");
}

TEST_CASE("a run over Unix sockets is the same for the same seed, and another for another") {
  const auto fingerprint = [](std::uint64_t seed) {
    sim::WorldOptions options;
    options.loopback = sim::LinkOptions::rough();
    sim::World world(seed, options);
    sim::Host& host = world.add_host("a");
    const Service service = serve_unix(host);
    const auto client = connect_unix(host);
    world.run();
    for (int i = 0; i < 20; ++i) client->transport.write(std::string(1000, 'x'));
    client->transport.close();
    world.run();
    CHECK(service[0].received.size() == 20'000);
    return world.fingerprint();
  };
  CHECK(fingerprint(1) == fingerprint(1));
  CHECK(fingerprint(1) != fingerprint(2));
}

TEST_CASE("a Unix socket needs a descriptor before anything is looked at") {
  sim::World world(1);
  sim::HostOptions few;
  few.max_descriptors = 3;
  sim::Host& host = world.add_host("a", few);
  CHECK_THROWS_WITH(connect_unix(host), Contains("Too many open files"));
  CHECK_THROWS_WITH(serve_unix(host), Contains("Too many open files"));
  CHECK_FALSE(host.files().contains(path));
  host.set_max_descriptors(5);
  const Service service = serve_unix(host);
  connect_unix(host);  // the last descriptor: it is accepted later
  CHECK(host.open_descriptors() == 2);
}

TEST_CASE("what a client wrote before it closed is read, though it was accepted afterwards") {
  sim::World world(1);
  sim::Host& host = world.add_host("a");
  UnixServerOptions options(path);
  const Service service = serve_unix(host, options);
  const auto client = connect_unix(host);
  client->transport.write("hello");
  client->transport.close();
  world.run();
  CHECK(client->events == "CM CL ");
  REQUIRE(service.count() == 1);
  CHECK(service[0].received == "hello");
  CHECK(service[0].events == "CM DR ER CL ");
  CHECK(host.open_descriptors() == 1);
}

TEST_CASE("a released listener keeps its path, and whoever takes it over serves there") {
  sim::World world(1);
  sim::Host& host = world.add_host("a");
  error_code error;
  detail::Backend& backend = host.loop().backend();
  const NativeHandle handle = backend.bind(Address::from_path(path), {}, error)->release();
  CHECK(backend.family_of(handle) == Family::unix_domain);
  CHECK(backend.family_of({77}) == Family::unspecified);
  CHECK_THROWS_WITH(connect_unix(host), Contains("refused"));
  UnixServerOptions options;
  options.sock = handle;
  const Service service = serve_unix(host, options);
  connect_unix(host);
  service.server.close();
  CHECK_FALSE(host.files().contains(path));
}

TEST_CASE("a real loop that is destroyed while it serves removes the socket file") {
  std::string folder = (std::filesystem::temp_directory_path() / "twinwire-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string socket = folder + "/socket";
  auto loop = real::new_event_loop();
  const UnixServerOptions options(socket);
  const auto factory = [] { return std::make_shared<Recorder>(); };
  const Server server = run_until_complete(*loop, create_unix_server(*loop, factory, options));
  CHECK(std::filesystem::is_socket(socket));
  loop.reset();
  CHECK_FALSE(std::filesystem::exists(socket));
  CHECK(std::filesystem::remove(folder));
}

}  // namespace
}  // namespace twinwire::unit
