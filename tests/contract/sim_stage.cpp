// Two hosts in a world, with one seed: the tests are the same run every time.
#include "stage.hpp"
#include "test_programs.hpp"

#include <twinwire/sim/failure.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seed = 1;
constexpr Duration patience = 5min;
/// More than any round trip, retransmission or second try between the two takes.
constexpr Duration quiet_time = 5s;

sim::LinkOptions rough_link(Duration latency) {
  sim::LinkOptions link;
  link.latency = latency;
  link.jitter = 10 * latency;
  link.loss = {1, 50};
  link.cut = {1, 2};
  link.rechunk = {1, 2};
  return link;
}

sim::WorldOptions world_options(bool rough) {
  sim::WorldOptions options;
  if (rough) {
    options.link = rough_link(options.link.latency);
    options.loopback = rough_link(options.loopback.latency);
  }
  return options;
}

sim::HostOptions host_options(int number) {
  const std::string last = std::to_string(number);
  sim::HostOptions options;
  options.addresses = {Address::of("10.0.0." + last, 0), Address::of("fd00::" + last, 0)};
  return options;
}

class SimStage final : public Stage {
 public:
  SimStage(bool rough, Pairs pairs)
      : Stage(pairs),
        world_(std::make_unique<sim::World>(seed, world_options(rough))),
        server_(world_->add_host("server", host_options(1))),
        client_(world_->add_host("client", host_options(2))) {
    report_to_stage(server_.loop());
    report_to_stage(client_.loop());
    add_test_programs(world_->programs());
  }

  Loop& server() override { return server_.loop(); }
  Loop& client() override { return unix_pairs() ? server_.loop() : client_.loop(); }
  std::string server_address() const override { return server_.address().host(); }
  sim::World* world() noexcept override { return world_.get(); }

  void calm() override {
    for (const auto& [a, b] : {std::pair(&server_, &client_), {&server_, &server_}, {&client_, &client_}}) {
      sim::LinkOptions link;
      link.latency = world_->link(*a, *b).options.latency;
      world_->set_link(*a, *b, link);
    }
  }

  std::size_t open_descriptors() const override {
    return static_cast<std::size_t>(server_.open_descriptors() + client_.open_descriptors());
  }

  bool has_children() const override { return server_.processes().size() + client_.processes().size() != 0; }

  std::string path(const std::string& name) override { return "/run/" + name; }
  bool exists(const std::string& path) override { return server_.files().contains(path); }
  void create_file(const std::string& path, const std::string& content) override {
    REQUIRE(server_.files().create(path, content));
    client_.files().create(path, content);
  }
  void remove_file(const std::string& path) override {
    REQUIRE(server_.files().remove(path));
    client_.files().remove(path);
  }

  void run_for(Duration duration) override { world_->run_for(duration); }
  void settle() override { world_->run_for(quiet_time); }

 private:
  bool wait(const std::function<bool()>& condition) override {
    const TimePoint deadline = world_->time() + patience;
    try {
      world_->run_until([&] { return condition() || world_->time() > deadline; });
    } catch (const sim::SimulationError& error) {
      if (error.kind() != sim::FailureKind::deadlock) throw;
    }
    return condition();
  }

  std::size_t tear_down() override {
    const std::size_t open = open_descriptors();
    world_.reset();
    return open;
  }

  std::unique_ptr<sim::World> world_;
  sim::Host& server_;
  sim::Host& client_;
};

}  // namespace

std::unique_ptr<Stage> sim_stage(bool rough, Pairs pairs) {
  return std::make_unique<SimStage>(rough, pairs);
}

}  // namespace twinwire::contract
