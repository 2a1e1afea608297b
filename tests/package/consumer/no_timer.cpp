// Without twinwire::asio_sim, a plain Asio timer on a simulated loop throws.
#include <twinwire/net/executor.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdio>
#include <stdexcept>

#include <boost/asio/steady_timer.hpp>

int main() {
  twinwire::sim::World world(1);
  try {
    const boost::asio::steady_timer timer(world.add_host("host").loop().get_executor());
  } catch (const std::logic_error& error) {
    std::printf("no timer: %s\n", error.what());
    return 0;
  }
  return 1;
}
