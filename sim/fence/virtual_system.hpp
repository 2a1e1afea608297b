// What the system tells a simulated program: the time, and random bits.
#pragma once

#include <twinwire/net/time.hpp>

#include <cstddef>
#include <ctime>

namespace twinwire::sim {
class World;
}

namespace twinwire::sim::fence {

/// The calendar of the current host.
Duration wall_clock(World& world) noexcept;
/// The monotonic clock of the current host: its loop's time().
Duration monotonic_clock(World& world) noexcept;
/// As clock_gettime: the calendar for the clocks that follow it, the monotonic clock for all others, also for
/// those that count processor time. False for a clock that does not exist.
bool read_clock(World& world, clockid_t clock, timespec& time) noexcept;

/// Random bits of the current host, from the decisions of the run.
void fill_random(World& world, void* buffer, std::size_t size) noexcept;

}  // namespace twinwire::sim::fence
