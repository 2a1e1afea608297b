#include <twinwire/sim/fence/virtual_system.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace twinwire::sim::fence {
namespace {

/// Between events of no host the world's own time counts.
Duration since_start(World& world) noexcept {
  return world.time().time_since_epoch();
}

}  // namespace

Duration wall_clock(World& world) noexcept {
  Host* const host = world.host_now();
  const WallTime now = host ? host->loop().wall_time() : world.options().start + since_start(world);
  return now.time_since_epoch();
}

Duration monotonic_clock(World& world) noexcept {
  Host* const host = world.host_now();
  return host ? host->loop().time().time_since_epoch() : since_start(world);
}

bool read_clock(World& world, clockid_t clock, timespec& time) noexcept {
  timespec resolution{};
  if (::clock_getres(clock, &resolution) != 0) return false;
  const bool follows_calendar = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
                                clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
  const Duration now = follows_calendar ? wall_clock(world) : monotonic_clock(world);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  time.tv_sec = static_cast<time_t>(seconds.count());
  time.tv_nsec = static_cast<long>((now - seconds).count());
  return true;
}

void fill_random(World& world, void* buffer, std::size_t size) noexcept {
  Host* const host = world.host_now();
  auto* at = static_cast<unsigned char*>(buffer);
  while (size != 0) {
    const std::uint64_t bits = host ? host->system_random() : 0;
    const std::size_t count = std::min(size, sizeof bits);
    std::memcpy(at, &bits, count);
    at += count;
    size -= count;
  }
}

}  // namespace twinwire::sim::fence
