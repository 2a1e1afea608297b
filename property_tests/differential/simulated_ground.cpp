#include "child.hpp"
#include "ground.hpp"

#include <twinwire/sim/host_backend.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <optional>

namespace twinwire::differential {
namespace {

/// Decisions are calm: this only names the entropy, of which nothing depends.
constexpr std::uint64_t seed = 1;

/// For all but the timeouts of TLS.
constexpr Duration long_enough = std::chrono::minutes(1);

class SimulatedGround final : public Ground {
 public:
  explicit SimulatedGround(Plant plant) : plant_(plant) {}
  ~SimulatedGround() override { clear(); }

  Ends connect(Kind kind) override {
    clear();
    world_.emplace(seed);
    world_->programs().add("differential", run_simulated_child);
    sim::Host& second = world_->add_host("second");
    // Unix sockets and pipes are between processes of one host.
    const bool one_host = kind != Kind::tcp && kind != Kind::tls && kind != Kind::udp;
    sim::Host& first = one_host ? second : world_->add_host("first");
    loops_[0] = make_loop(first);
    loops_[1] = make_loop(second);
    meeting_.emplace(*loops_[0], *(one_host ? loops_[0] : loops_[1]),
                     Place{second.address().host(), "/run/differential", "differential",
                           with_plant(tls_contexts(), plant_)});
    meeting_->begin(kind);
    world_->run_for(long_enough);
    return meeting_->finish();
  }

  void settle(const std::function<bool()>&) override { world_->run_for(long_enough); }

 private:
  /// A loop beside the host's own, as a process of it has.
  std::unique_ptr<Loop> make_loop(sim::Host& host) const {
    auto backend = std::make_unique<sim::HostBackend>(host, host.name(), host.index());
    sim::HostBackend& attached = *backend;
    auto loop = std::make_unique<Loop>(with_plant(std::move(backend), plant_));
    attached.attach(*loop);
    return loop;
  }

  void clear() {
    meeting_.reset();
    loops_ = {};
    world_.reset();
  }

  const Plant plant_;
  std::optional<sim::World> world_;
  std::array<std::unique_ptr<Loop>, 2> loops_;
  std::optional<Meeting> meeting_;
};

}  // namespace

std::unique_ptr<Ground> simulated_ground(Plant plant) {
  return std::make_unique<SimulatedGround>(plant);
}

}  // namespace twinwire::differential
