#include <twinwire/net/executor.hpp>

#include <stdexcept>

namespace twinwire::detail {

boost::asio::execution_context::id SimulatedMark::id;

void forbid_on_simulated(boost::asio::execution_context& context, const char* what) {
  if (!boost::asio::has_service<SimulatedMark>(context)) return;
  const auto& mark = boost::asio::use_service<SimulatedMark>(context);
  throw std::logic_error(std::string("a plain Asio ") + what +
                         " cannot be used on the simulated loop of host \"" + mark.host +
                         "\": it would reach for the operating system. Use the loop instead.");
}

}  // namespace twinwire::detail
