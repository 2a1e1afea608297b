#include "scenario.hpp"

#include "actor.hpp"
#include "settings.hpp"
#include "supervisor.hpp"

#include <twinwire/sim/programs.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace supervisor {
namespace {

using namespace std::chrono_literals;

constexpr const char* configuration = R"(
backoff_min = 100ms
backoff_max = 2s
restarts_max = 6
period = 20s
stop_timeout = 1s

[database]
command = actor database
[server]
command = actor server
[job]
command = actor job
restart = on-failure
[missing]
command = no-such-program
restarts_max = 2
)";

constexpr twinwire::Purpose stop_purpose{"stop", "{entity}: was stopped {outcome}/100 s earlier than 30 s"};
constexpr std::uint64_t stop_steps = 3000;
/// Starting a process, its end, and the news of it.
constexpr twinwire::Duration news_max = 200ms;

class Play {
 public:
  Play(twinwire::sim::World& world, const Mistakes& mistakes)
      : world_(world),
        host_(world.add_host("machine")),
        settings_(parse_settings(configuration)),
        all_(
            host_.loop(), settings_, [this](const std::string& line) { see(line); },
            [this] { finished_ = true; }, mistakes) {
    world.programs().add("actor", actor(record_));
  }

  void run() {
    const twinwire::Site stop = world_.choices().site(host_.name(), stop_purpose);
    const std::uint64_t earlier = world_.choices().draw(stop, 0, stop_steps);
    host_.loop().call_soon([this] { all_.start(); });
    world_.run_for(30s - static_cast<std::int64_t>(earlier) * 10ms);
    if (finished_) fail("it ended before it was stopped");
    const twinwire::TimePoint begun = world_.time();
    host_.loop().call_soon([this] { all_.stop(); });
    world_.run_until([this] { return finished_; });
    const auto longest = static_cast<std::int64_t>(settings_.size()) * (1s + news_max);
    if (world_.time() - begun > longest) fail("stopping took too long");
    // What is started now, or was forgotten, is there a little later.
    world_.run_for(5s);
    for (const ChildSettings& child : settings_) check(child);
    if (host_.processes().size() != 0) fail("a process outlived its supervisor");
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw std::logic_error(what); }

  /// A line of output is told by its " | ", an event by its ": ".
  void see(const std::string& line) {
    if (finished_) fail("a line after the end: \"" + line + "\"");
    const std::size_t output = line.find(" | ");
    if (output != std::string::npos) {
      see_output(line.substr(0, output), line.substr(output + 3));
      return;
    }
    const std::string child = line.substr(0, line.find(": "));
    const std::string_view event = std::string_view(line).substr(child.size() + 2);
    if (event.starts_with("started")) next_line_[child] = 0;
    if (event == "stopping") see_stopping(child);
    if (event.starts_with("ended with status")) see_end(child);
  }

  /// Whole lines, in order; only the last one of a process may be cut off by its end.
  void see_output(const std::string& child, const std::string& text) {
    const std::string wanted = "line " + std::to_string(next_line_[child]++);
    if (text != wanted && text != "line ")
      fail("\"" + child + "\" wrote \"" + text + "\", not \"" + wanted + "\"");
  }

  /// All that a process wrote that ended in order has come by now.
  void see_end(const std::string& child) {
    const int written = record_->lives[child].back().lines.value();
    if (next_line_[child] != written) fail("not all lines of \"" + child + "\" have come");
  }

  /// Those behind it have to be gone.
  void see_stopping(const std::string& child) {
    bool behind = false;
    for (const ChildSettings& other : settings_) {
      if (behind && record_->alive(other.name) != 0)
        fail("\"" + child + "\" was stopped before \"" + other.name + "\"");
      behind = behind || other.name == child;
    }
  }

  void check(const ChildSettings& child) const {
    const auto& lives = record_->lives[child.name];
    for (std::size_t i = 1; i < lives.size(); ++i) {
      if (!lives[i - 1].over || lives[i].begun - *lives[i - 1].over < child.backoff_min) {
        fail("\"" + child.name + "\" was started again too early");
      }
    }
    const auto most = static_cast<std::size_t>(child.restarts_max) + 1;
    for (std::size_t i = most; i < lives.size(); ++i) {
      if (lives[i].begun - lives[i - most].begun < child.period)
        fail("\"" + child.name + "\" was started too often");
    }
  }

  twinwire::sim::World& world_;
  twinwire::sim::Host& host_;
  std::shared_ptr<Record> record_ = std::make_shared<Record>();
  std::vector<ChildSettings> settings_;
  std::map<std::string, int> next_line_;
  bool finished_ = false;
  Supervisor all_;
};

}  // namespace

twinwire::sim::WorldOptions scenario_world() {
  twinwire::sim::WorldOptions options;
  options.loopback.latency = 1ms;
  options.loopback.jitter = 30ms;
  return options;
}

void run_scenario(twinwire::sim::World& world, const Mistakes& mistakes) {
  Play(world, mistakes).run();
}

}  // namespace supervisor
