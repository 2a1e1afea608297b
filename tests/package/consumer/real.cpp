#include "greeting.hpp"

#include <twinwire/real/event_loop.hpp>

#include <cstdio>

int main() {
  const auto loop = twinwire::real::new_event_loop();
  std::string greeting;
  exchange_greeting(*loop, [&](std::string text) {
    greeting = std::move(text);
    loop->stop();
  });
  loop->run_forever();
  std::printf("greeted for real: %s\n", greeting.c_str());
  return greeting == "hello, twin" ? 0 : 1;
}
