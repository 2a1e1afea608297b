#include <twinwire/net/executor.hpp>
#include <twinwire/sim/asio_context.hpp>

#include <boost/asio/detail/scheduler.hpp>

namespace twinwire::sim {
namespace {

namespace asio = boost::asio;

/// Asio's sockets and timers ask for this when they are constructed: it would be the epoll reactor.
asio::detail::scheduler_task* no_reactor(asio::execution_context& context) {
  detail::forbid_on_simulated(context, "timer or socket");
  return nullptr;
}

}  // namespace

AsioContext::AsioContext(const std::string& host) {
  auto mark = std::make_unique<detail::SimulatedMark>(context_);
  mark->host = host;
  asio::add_service(context_, mark.release());
  // The scheduler that Asio would make by itself on a context like this one starts a thread; this one does
  // not.
  constexpr bool own_thread = false;
  asio::add_service(context_, new asio::detail::scheduler(context_, 1, own_thread, &no_reactor));
}

AsioContext::~AsioContext() = default;

}  // namespace twinwire::sim
