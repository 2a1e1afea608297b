// Where the masks and keys of Beast's WebSockets come from while a world runs.
#pragma once

#include <cstdint>

namespace twinwire::sim {

/// Whether this thread runs a world now.
bool is_simulated_now() noexcept;

/// 32 random bits of the host whose event is running: Loop::random().
std::uint32_t next_mask();

}  // namespace twinwire::sim
