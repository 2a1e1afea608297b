// Knows Asio alone, and may or may not be compiled with twinwire::asio_sim.
#include <chrono>
#include <cstddef>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

std::size_t waits_of_a_system_timer();

std::size_t waits_of_a_system_timer() {
  boost::asio::io_context context;
  boost::asio::steady_timer timer(context, std::chrono::microseconds(1));
  timer.async_wait([](const boost::system::error_code&) {});
  return context.run();
}
