// A program that waits for a timer on a simulated loop, and has another file with a timer.
#include <twinwire/net/executor.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <cstdio>

#include <boost/asio/steady_timer.hpp>

std::size_t waits_of_a_system_timer();

int main() {
  twinwire::sim::World world(1);
  boost::asio::steady_timer timer(world.add_host("host").loop().get_executor(), std::chrono::hours(1));
  timer.async_wait([](const boost::system::error_code&) {});
  world.run();
  std::printf("an hour passed %s\n",
              world.time() == twinwire::TimePoint(std::chrono::hours(1)) ? "here" : "");
  return waits_of_a_system_timer() == 1 ? 0 : 1;
}
