// Programs that tests start on either backend.
#pragma once

#include "stage.hpp"

#include <twinwire/net/subprocess.hpp>

#include <string>

namespace twinwire::sim {
class Programs;
}

namespace twinwire::contract {

/// Gives a simulated world what a Unix system has: cat, env, sleep, and what is below.
void add_test_programs(sim::Programs& programs);

/// Copies stdin to stdout.
SubprocessOptions cat();
/// Writes so many zero bytes to stdout.
SubprocessOptions flood(Stage& stage, std::size_t size);
/// Sleeps for a minute, and does not look at its pipes.
SubprocessOptions sleeper();
/// Closes its stdout, and sleeps for longer than any test takes.
SubprocessOptions mute(Stage& stage);
/// Says "ready", then "caught" for each SIGTERM, and ends by itself when its stdin does.
SubprocessOptions survivor(Stage& stage);

}  // namespace twinwire::contract
