#include "ground.hpp"

#include <twinwire/real/real_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unistd.h>

namespace twinwire::differential {
namespace {

using namespace std::chrono_literals;

/// Over loopback the system delivers inside the call that sends, so everything shows within a few turns, but
/// for what it puts off when it is busy: turns that follow each other at once, and then some with pauses.
constexpr int eager_turns = 200;
constexpr Duration pause_between = 200us;
/// So many more when what was expected has come, for what was not.
constexpr int further_turns = 3;

/// At least, for connecting: that it has not happened yet tells nothing about a program.
constexpr Duration connect_patience = 5s;

/// Where Unix sockets are: a name for each ground, as another one may still listen.
std::string own_path() {
  static int grounds = 0;
  return abstract_path("twinwire-differential-" + std::to_string(::getpid()) + "-" +
                       std::to_string(++grounds));
}

class RealGround final : public Ground {
 public:
  RealGround(Duration patience, Plant plant) : patience_(patience) {
    auto backend = std::make_unique<real::RealBackend>(real::LoopOptions{});
    real::RealBackend& attached = *backend;
    loop_ = std::make_unique<Loop>(with_plant(std::move(backend), plant));
    attached.attach(*loop_);
    loop_->set_exception_handler([](const ExceptionContext&) {});
    meeting_.emplace(*loop_, *loop_,
                     Place{"127.0.0.1", own_path(), "/proc/self/exe", with_plant(tls_contexts(), plant)});
  }
  ~RealGround() override { meeting_.reset(); }

  Ends connect(Kind kind) override {
    meeting_->begin(kind);
    settle([&] { return meeting_->ended(); }, std::max(patience_, connect_patience));
    return meeting_->finish();
  }

  void settle(const std::function<bool()>& enough) override { settle(enough, patience_); }

 private:
  /// Counts pauses and not the time: one in which this process does not run is one pause.
  void settle(const std::function<bool()>& enough, Duration patience) {
    const auto turns_max = eager_turns + patience / pause_between;
    for (std::int64_t turns = 0; !enough(); ++turns) {
      if (turns < eager_turns) {
        turn();
        continue;
      }
      if (turns >= turns_max) return;
      loop_->call_later(pause_between, [this] { loop_->stop(); });
      loop_->run_forever();
    }
    for (int turns = 0; turns < further_turns; ++turns) turn();
  }

  void turn() {
    loop_->call_soon([this] { loop_->stop(); });
    loop_->run_forever();
  }

  const Duration patience_;
  std::unique_ptr<Loop> loop_;
  std::optional<Meeting> meeting_;
};

}  // namespace

std::unique_ptr<Ground> real_ground(Duration patience, Plant plant) {
  return std::make_unique<RealGround>(patience, plant);
}

}  // namespace twinwire::differential
