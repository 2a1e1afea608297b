#include "websocket_echo.hpp"

#include <twinwire/real/event_loop.hpp>

int main(int, char** argv) {
  const auto loop = twinwire::real::new_event_loop();
  run_until_complete(*loop, serve(*loop, twinwire::ServerOptions("127.0.0.1", argv[1])));
}
