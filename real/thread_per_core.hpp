// A server on every core: one loop per thread, and the kernel spreads the connections (SO_REUSEPORT,
// socket(7)).
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/graceful_stop.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <functional>
#include <stop_token>
#include <vector>

namespace twinwire::real {

/// How many threads, and when they end.
struct PerCoreOptions {
  /// 0: one for each processor that this process may use.
  std::size_t threads = 0;
  /// Binds each thread to a processor of its own.
  bool pin = false;
  /// Of every loop. A seed is made different for each, by adding its index.
  LoopOptions loop;
  /// The signals that stop all threads in order; the second one aborts what is left.
  std::vector<int> stop_signals = {SIGINT, SIGTERM};
  /// The handle that stops them from anywhere in the program: std::stop_source::request_stop, on any thread.
  std::stop_token stop;
  /// How long connections have, once stopping, to send what they have written.
  Duration drain_timeout = std::chrono::seconds(10);
};

/// One of the threads, as its set-up sees it. It lives until the thread's loop has ended. That thread only.
class Core {
 public:
  using Factory = std::function<std::shared_ptr<BaseProtocol>()>;

  Core(Loop& loop, std::size_t index, Duration drain_timeout);

  Loop& loop() const noexcept { return loop_; }
  /// 0 to the number of threads less one.
  std::size_t index() const noexcept { return index_; }

  /// Creates a server whose port the other threads share, and drains it at the end. Its failure is that of
  /// the thread. Throws std::invalid_argument for port 0 and for none, which would be another on every
  /// thread, and for a ready-made socket.
  void serve(Factory factory, ServerOptions options);
  /// Drains a server that was created otherwise.
  void add(Server server) { stop_.add(std::move(server)); }
  /// Ends all threads, in order; run_per_core throws this.
  void fail(std::exception_ptr failure);

  GracefulStop& graceful_stop() noexcept { return stop_; }
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  Loop& loop_;
  std::size_t index_;
  GracefulStop stop_;
  std::exception_ptr failure_;
};

/// Runs a loop on each of several threads until they are stopped, and returns when all have ended:
///
///     real::run_per_core({}, [](real::Core& core) { core.serve(make_protocol, {"0.0.0.0", 8080}); });
///
/// `setup` is called once on each thread, before its loop runs, by several at a time. If it throws, or a
/// thread fails otherwise, the others are stopped in order, and the first failure is thrown: a
/// std::runtime_error that names the thread, with the exception nested in it (std::rethrow_if_nested).
void run_per_core(const PerCoreOptions& options, const std::function<void(Core&)>& setup);

}  // namespace twinwire::real
