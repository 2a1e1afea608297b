#include <twinwire/net/executor.hpp>

#include <stdexcept>

namespace twinwire {

boost::asio::execution_context& Executor::query(boost::asio::execution::context_t) const {
  boost::asio::execution_context& context = loop_->backend().asio_context();
  boost::asio::use_service<detail::LoopMark>(context).loop.store(loop_, std::memory_order_relaxed);
  return context;
}

Loop& loop_of(const boost::asio::any_io_executor& executor) {
  if (const auto* own = executor.target<Executor>()) return own->loop();
  if (executor) {
    boost::asio::execution_context& context = boost::asio::query(executor, boost::asio::execution::context);
    if (boost::asio::has_service<detail::LoopMark>(context)) {
      return *boost::asio::use_service<detail::LoopMark>(context).loop.load(std::memory_order_relaxed);
    }
  }
  throw std::logic_error("this coroutine does not run on a loop of Twinwire: spawn it on one");
}

namespace detail {

boost::asio::execution_context::id LoopMark::id;
boost::asio::execution_context::id SimulatedMark::id;

void forbid_on_simulated(boost::asio::execution_context& context, const char* what) {
  if (!boost::asio::has_service<SimulatedMark>(context)) return;
  const auto& mark = boost::asio::use_service<SimulatedMark>(context);
  throw std::logic_error(std::string("a plain Asio ") + what +
                         " cannot be used on the simulated loop of host \"" + mark.host +
                         "\": it would reach for the operating system. Use the loop instead.");
}

}  // namespace detail
}  // namespace twinwire
