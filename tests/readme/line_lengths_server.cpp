#include "line_lengths.hpp"

#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>

int main(int, char** argv) {
  const auto loop = twinwire::real::new_event_loop();
  const auto factory = [] { return std::make_shared<LineLengths>(); };
  const twinwire::ServerOptions options("127.0.0.1", argv[1]);
  run_until_complete(*loop, twinwire::create_server(*loop, factory, options));
  loop->run_forever();
}
