#include <twinwire/real/thread_per_core.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace twinwire::real {
namespace {

/// The processors that this process may use.
std::vector<int> usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> processors;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return processors;
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &set)) processors.push_back(number);
  }
  return processors;
}

void pin_this_thread(const std::vector<int>& processors, std::size_t index) {
  if (processors.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processors[index % processors.size()], &set);
  ::pthread_setaffinity_np(::pthread_self(), sizeof(set), &set);
}

/// The threads, and the first failure among them.
class Crew {
 public:
  Crew(const PerCoreOptions& options, const std::function<void(Core&)>& setup)
      : options_(options), setup_(setup), processors_(usable_processors()) {}

  void run() {
    const std::stop_callback forwarded(options_.stop, [this] { request_stop(); });
    const std::size_t count =
        options_.threads != 0 ? options_.threads : std::max<std::size_t>(1, processors_.size());
    std::vector<std::jthread> threads;
    try {
      for (std::size_t index = 0; index < count; ++index)
        threads.emplace_back([this, index] { run_core(index); });
    } catch (const std::system_error&) {
      note(threads.size(), std::current_exception());
    }
    threads.clear();  // joins
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  /// Of a core whose loop runs.
  struct Membership {
    Membership(Crew& its_crew, Core& its_core) : crew(its_crew), core(its_core) { crew.join(core); }
    ~Membership() { crew.leave(core); }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    Crew& crew;
    Core& core;
  };

  void run_core(std::size_t index) noexcept {
    try {
      if (options_.pin) pin_this_thread(processors_, index);
      LoopOptions loop_options = options_.loop;
      if (loop_options.seed) *loop_options.seed += index;
      const std::unique_ptr<Loop> loop = new_event_loop(loop_options);
      Core core(*loop, index, options_.drain_timeout);
      watch_signals(core);
      setup_(core);
      {
        const Membership running(*this, core);
        loop->run_forever();
      }
      loop->close();
      if (core.failure()) std::rethrow_exception(core.failure());
    } catch (...) {
      note(index, std::current_exception());
    }
  }

  /// Each loop hears of each signal, if it watched when that came. So the number of the signal, for all, is
  /// the highest that a loop has counted to, and those who were not there yet go on from what the others had.
  void watch_signals(Core& core) {
    const auto seen = std::make_shared<int>();
    {
      const std::lock_guard lock(mutex_);
      *seen = signals_;
    }
    for (const int number : options_.stop_signals) {
      core.loop().add_signal_handler(number, [this, seen] {
        const std::lock_guard lock(mutex_);
        if (++*seen <= signals_) return;
        signals_ = *seen;
        stop_all();
      });
    }
  }

  /// Stops it at once if that was asked for before.
  void join(Core& core) {
    const std::lock_guard lock(mutex_);
    running_.push_back(&core);
    for (int i = 0; i < std::max(signals_, stop_requested_ ? 1 : 0); ++i) stop(core);
  }

  void leave(Core& core) {
    const std::lock_guard lock(mutex_);
    std::erase(running_, &core);
  }

  /// From any thread.
  void request_stop() {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(stop_requested_, true) && signals_ == 0) stop_all();
  }

  void stop_all() {
    for (Core* const core : running_) stop(*core);
  }

  /// A second call aborts what is left.
  static void stop(Core& core) {
    core.loop().call_soon_threadsafe([&core] { core.graceful_stop().stop(); });
  }

  void note(std::size_t index, const std::exception_ptr& cause) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = describe(index, cause);
    }
    request_stop();
  }

  static std::exception_ptr describe(std::size_t index, const std::exception_ptr& cause) {
    try {
      try {
        std::rethrow_exception(cause);
      } catch (...) {
        std::throw_with_nested(
            std::runtime_error("thread " + std::to_string(index) + ": " + message_of(cause)));
      }
    } catch (...) {
      return std::current_exception();
    }
  }

  const PerCoreOptions& options_;
  const std::function<void(Core&)>& setup_;
  const std::vector<int> processors_;
  std::mutex mutex_;  ///< guards what follows, while threads run
  std::vector<Core*> running_;
  int signals_ = 0;
  bool stop_requested_ = false;
  std::exception_ptr failure_;
};

}  // namespace

Core::Core(Loop& loop, std::size_t index, Duration drain_timeout)
    : loop_(loop), index_(index), stop_(loop, drain_timeout) {}

void Core::serve(Factory factory, ServerOptions options) {
  if (options.sock) throw std::invalid_argument("serve: threads cannot share a ready-made socket");
  if (!options.port || options.port->number() == 0) {
    throw std::invalid_argument("serve: threads can share a port that is named, not port 0");
  }
  options.reuse_port = true;
  loop_.create_server(std::move(factory), std::move(options),
                      [this](const std::exception_ptr& failure, Server server) {
                        if (failure) {
                          fail(failure);
                        } else {
                          add(std::move(server));
                        }
                      });
}

void Core::fail(std::exception_ptr failure) {
  if (!failure_) failure_ = std::move(failure);
  stop_.stop();
}

void run_per_core(const PerCoreOptions& options, const std::function<void(Core&)>& setup) {
  Crew(options, setup).run();
}

}  // namespace twinwire::real
