#include "ground.hpp"

#include <twinwire/sim/world.hpp>

#include <optional>

namespace twinwire::differential {
namespace {

/// Decisions are calm: this only names the entropy, of which nothing depends.
constexpr std::uint64_t seed = 1;

class SimulatedGround final : public Ground {
 public:
  explicit SimulatedGround(Plant plant) : plant_(plant) {}
  ~SimulatedGround() override { meeting_.reset(); }

  Ends connect(Kind kind) override {
    meeting_.reset();
    world_.emplace(seed);
    sim::Host& second = world_->add_host("second");
    // Unix sockets and pipes are between processes of one host.
    const bool one_host = kind != Kind::tcp && kind != Kind::udp;
    sim::Host& first = one_host ? second : world_->add_host("first");
    meeting_.emplace(first.loop(), second.loop(), second.address().host(), "/run/differential");
    meeting_->begin(kind);
    world_->run();
    return meeting_->finish();
  }

  void settle(const std::function<bool()>&) override { world_->run(); }

 private:
  [[maybe_unused]] Plant plant_;
  std::optional<sim::World> world_;
  std::optional<Meeting> meeting_;
};

}  // namespace

std::unique_ptr<Ground> simulated_ground(Plant plant) {
  return std::make_unique<SimulatedGround>(plant);
}

}  // namespace twinwire::differential
