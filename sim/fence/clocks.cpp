// The clocks of the system: https://man7.org/linux/man-pages/man2/clock_gettime.2.html
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/virtual_system.hpp>
#include <twinwire/sim/running_world.hpp>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

namespace twinwire::sim::fence {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::seconds;

timeval to_timeval(Duration time) {
  const auto whole = floor<seconds>(time);
  return {static_cast<time_t>(whole.count()),
          static_cast<suseconds_t>(duration_cast<microseconds>(time - whole).count())};
}

}  // namespace

TWINWIRE_FENCED(int, clock_gettime, clockid_t clock, timespec* time) {
  World* const world = RunningWorld::get();
  if (!world) return real_clock_gettime(clock, time);
  if (read_clock(*world, clock, *time)) return 0;
  errno = EINVAL;
  return -1;
}

TWINWIRE_FENCED(int, gettimeofday, timeval* time, void* zone) {
  World* const world = RunningWorld::get();
  if (!world) return real_gettimeofday(time, zone);
  if (time) *time = to_timeval(wall_clock(*world));
  if (zone) *static_cast<struct timezone*>(zone) = {};
  return 0;
}

TWINWIRE_FENCED(time_t, time, time_t* result) {
  World* const world = RunningWorld::get();
  if (!world) return real_time(result);
  const time_t now = to_timeval(wall_clock(*world)).tv_sec;
  if (result) *result = now;
  return now;
}

TWINWIRE_FENCED(int, timespec_get, timespec* time, int base) {
  World* const world = RunningWorld::get();
  if (!world) return real_timespec_get(time, base);
  return base == TIME_UTC && read_clock(*world, CLOCK_REALTIME, *time) ? base : 0;
}

TWINWIRE_FENCED(clock_t, clock) {
  World* const world = RunningWorld::get();
  if (!world) return real_clock();
  static_assert(CLOCKS_PER_SEC == 1'000'000);
  return duration_cast<microseconds>(monotonic_clock(*world)).count();
}

TWINWIRE_FENCED(clock_t, times, tms* parts) {
  World* const world = RunningWorld::get();
  if (!world) return real_times(parts);
  const auto ticks_per_second = static_cast<clock_t>(::sysconf(_SC_CLK_TCK));
  const clock_t now =
      duration_cast<microseconds>(monotonic_clock(*world)).count() * ticks_per_second / 1'000'000;
  if (parts) *parts = {now, 0, 0, 0};
  return now;
}

}  // namespace twinwire::sim::fence
