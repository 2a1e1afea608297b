// Ending a server in order: no new connections, a time for those there are, and then the end.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/server.hpp>

#include <chrono>
#include <memory>

namespace twinwire::real {

/// Stops a loop once its servers are drained:
///
///     auto loop = real::new_event_loop();
///     real::GracefulStop stop(*loop, std::chrono::seconds(10));
///     stop.on_signal(SIGINT);
///     stop.on_signal(SIGTERM);
///     std::exception_ptr failed;
///     loop->create_server(make_protocol, {"", 8080}, [&](std::exception_ptr failure, Server server) {
///       if (!failure) return stop.add(server);
///       failed = failure;
///       stop.stop();
///     });
///     loop->run_forever();
///     if (failed) std::rethrow_exception(failed);
///
/// Loop thread only. It belongs to its owner, and may be destroyed before or after the loop: nothing is
/// stopped then that has not been.
class GracefulStop {
 public:
  explicit GracefulStop(Loop& loop, Duration drain_timeout = std::chrono::seconds(10));
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
  ~GracefulStop();

  /// A server to drain. One that comes after stop() is closed at once.
  void add(Server server);
  /// Calls stop() each time this signal arrives. Replaces the loop's handler for it, which stays after this
  /// object is gone, doing nothing. Throws OperationError for a signal that cannot be caught.
  void on_signal(int signal_number);
  /// Closes the servers, then every connection once what it wrote is sent; stops the loop when the last is
  /// lost. When the timeout has passed, or stop() is called again, aborts those that are left.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace twinwire::real
