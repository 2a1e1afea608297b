// One loop on the real system, with both ends of every connection on it.
#include "stage.hpp"

#include <twinwire/real/event_loop.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sys/wait.h>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// Only waited for by a test that fails.
constexpr Duration real_patience = 30s;
/// Over loopback the kernel delivers inside the call that sends, so a few turns would show all there is to
/// see, but for what it puts off by some milliseconds when it is busy. Pauses are counted, and not the time:
/// one in which this process does not run is one pause.
constexpr int quiet_pauses = 20;
constexpr Duration quiet_pause = 1ms;
/// How often a condition is looked at in turns that follow each other at once, and then with pauses.
constexpr int eager_looks = 50;
constexpr Duration look_interval = 500us;

/// Of the whole process. Looking takes one too, every time.
std::size_t process_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// The first loop that watches a signal leaves a descriptor to the process, for those that come after it.
void open_lasting_descriptors() {
  static std::once_flag once;
  std::call_once(once, [] {
    const std::unique_ptr<Loop> loop = real::new_event_loop();
    loop->add_signal_handler(SIGURG, [] {});
    loop->remove_signal_handler(SIGURG);
  });
}

class RealStage final : public Stage {
 public:
  explicit RealStage(Pairs pairs)
      : Stage(pairs), before_(process_descriptors()), loop_(real::new_event_loop()) {
    report_to_stage(*loop_);
    loop_descriptors_ = process_descriptors();
  }
  ~RealStage() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  Loop& server() override { return *loop_; }
  Loop& client() override { return *loop_; }
  std::string server_address() const override { return "127.0.0.1"; }
  std::size_t open_descriptors() const override { return process_descriptors() - loop_descriptors_; }

  bool has_children() const override {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
  }

  std::string path(const std::string& name) override {
    if (folder_.empty()) {
      std::string pattern = (std::filesystem::temp_directory_path() / "twinwire-XXXXXX").string();
      REQUIRE(::mkdtemp(pattern.data()) != nullptr);
      folder_ = pattern;
    }
    return (folder_ / name).string();
  }
  bool exists(const std::string& path) override { return std::filesystem::exists(path); }
  void create_file(const std::string& path, const std::string& content) override {
    REQUIRE((std::ofstream(path, std::ios::binary) << content).good());
  }
  void remove_file(const std::string& path) override { REQUIRE(std::filesystem::remove(path)); }

  void run_for(Duration duration) override {
    loop_->call_later(duration, [this] { loop_->stop(); });
    loop_->run_forever();
  }

  void settle() override {
    for (int pause = 0; pause < quiet_pauses; ++pause) run_for(quiet_pause);
  }

 private:
  /// Looks at a condition again and again until it holds or time is up, then stops the loop.
  struct Look {
    Loop& loop;
    const std::function<bool()>& condition;
    TimePoint deadline;
    int count = 0;
    std::exception_ptr thrown = nullptr;

    void operator()() {
      try {
        if (condition() || loop.time() > deadline) return loop.stop();
      } catch (...) {
        thrown = std::current_exception();
        return loop.stop();
      }
      if (++count < eager_looks) {
        loop.call_soon([this] { (*this)(); });
      } else {
        loop.call_later(look_interval, [this] { (*this)(); });
      }
    }
  };

  bool wait(const std::function<bool()>& condition) override {
    Look look{*loop_, condition, loop_->time() + real_patience};
    loop_->call_soon([&] { look(); });
    loop_->run_forever();
    if (look.thrown) std::rethrow_exception(look.thrown);
    return condition();
  }

  std::size_t tear_down() override {
    loop_.reset();
    return process_descriptors() - before_;
  }

  std::size_t before_;
  std::unique_ptr<Loop> loop_;
  std::size_t loop_descriptors_ = 0;
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<Stage> real_stage(Pairs pairs) {
  open_lasting_descriptors();
  return std::make_unique<RealStage>(pairs);
}

}  // namespace twinwire::contract
