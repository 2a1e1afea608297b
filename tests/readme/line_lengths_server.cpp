#include "line_lengths.hpp"

#include <twinwire/net/task.hpp>
#include <twinwire/real/event_loop.hpp>

int main(int argc, char** argv) {
  const auto loop = twinwire::real::new_event_loop();
  const auto factory = [] { return std::make_shared<LineLengths>(); };
  const twinwire::ServerOptions options("127.0.0.1", argc == 2 ? argv[1] : "7000");
  run_until_complete(*loop, twinwire::create_server(*loop, factory, options));
  loop->run_forever();
}
