#include <twinwire/real/graceful_stop.hpp>

#include <utility>
#include <vector>

namespace twinwire::real {

/// Callbacks that the loop keeps refer to it weakly: they do nothing once its owner is gone.
struct GracefulStop::State : std::enable_shared_from_this<State> {
  State(Loop& on, Duration timeout) : loop(on), drain_timeout(timeout) {}

  Loop& loop;
  Duration drain_timeout;
  std::vector<Server> servers;
  std::size_t draining = 0;
  bool stopping = false;
  Handle timer;

  void stop() {
    if (std::exchange(stopping, true)) {
      abort_all();
      return;
    }
    timer = loop.call_later(drain_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->abort_all();
    });
    draining = servers.size();
    for (const Server& server : servers) drain(server);
    if (draining == 0) finish();
  }

  void drain(const Server& server) {
    server.close();
    server.close_clients();
    server.wait_closed([weak = weak_from_this()](const std::exception_ptr&) {
      const auto self = weak.lock();
      if (self && --self->draining == 0) self->finish();
    });
  }

  void abort_all() {
    for (const Server& server : servers) server.abort_clients();
  }

  void finish() {
    timer.cancel();
    loop.stop();
  }
};

GracefulStop::GracefulStop(Loop& loop, Duration drain_timeout)
    : state_(std::make_shared<State>(loop, drain_timeout)) {}

GracefulStop::~GracefulStop() = default;

void GracefulStop::add(Server server) {
  if (!server) return;
  state_->servers.push_back(server);
  if (!state_->stopping) return;
  ++state_->draining;
  state_->drain(server);
}

void GracefulStop::on_signal(int signal_number) {
  state_->loop.add_signal_handler(signal_number, [weak = state_->weak_from_this()] {
    if (const auto state = weak.lock()) state->stop();
  });
}

void GracefulStop::stop() {
  state_->stop();
}

}  // namespace twinwire::real
