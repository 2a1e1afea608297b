// A program of which only some object files were compiled with twinwire::asio_sim has two different classes
// of one name; the linker keeps either, and timers are not where the other half looks for them. No compiler
// and no linker says so. But an object file without it, and only such a one, brings tables of Asio's timer
// queues for the very types that are replaced here. They are asked for, weakly, and must not be there.
#include <twinwire/sim/asio/virtual_timer.hpp>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

#define TWINWIRE_QUEUE "_ZTVN5boost4asio6detail11timer_queueIN"
#ifdef _LIBCPP_VERSION
#define TWINWIRE_CHRONO "St3__16chrono"
#else
#define TWINWIRE_CHRONO "St6chrono3_V2"
#endif
#define TWINWIRE_STD_TIMER(clock) \
  TWINWIRE_QUEUE "S1_18chrono_time_traitsIN" TWINWIRE_CHRONO clock "ENS0_11wait_traitsIS6_EEEEEE"
#define TWINWIRE_STEADY TWINWIRE_STD_TIMER("12steady_clock")
#define TWINWIRE_SYSTEM TWINWIRE_STD_TIMER("12system_clock")
#define TWINWIRE_PTIME TWINWIRE_QUEUE "S0_11time_traitsINS_10posix_time5ptimeEEEEE"

// Null, unless another object file defines them.
extern "C" {
[[gnu::weak]] extern const char twinwire_foreign_steady_timer __asm__(TWINWIRE_STEADY);
[[gnu::weak]] extern const char twinwire_foreign_system_timer __asm__(TWINWIRE_SYSTEM);
[[gnu::weak]] extern const char twinwire_foreign_deadline_timer __asm__(TWINWIRE_PTIME);
}

namespace twinwire::sim {
namespace {

void refuse(const char* timer, const void* table, const char* symbol) noexcept {
  if (!table) return;
  Dl_info module{};
  const bool known = dladdr(table, &module) != 0 && module.dli_fname;
  std::fprintf(
      stderr,
      "twinwire: %s was linked from object files of which only some were compiled with the CMake "
      "target twinwire::asio_sim, and one without it uses %s. Link the target to everything that "
      "uses Asio's timers, in headers of Boost.Beast or asio::ssl, too. This names the object files, "
      "in the folder of the build:\n"
      "  find . -name '*.o' -exec nm -A {} + | grep %s\n",
      known ? module.dli_fname : "this program", timer, symbol);
  std::abort();
}

/// Before main, and before any timer.
[[gnu::constructor]] void check_objects() noexcept {
  refuse("asio::steady_timer", &twinwire_foreign_steady_timer, TWINWIRE_STEADY);
  refuse("asio::system_timer", &twinwire_foreign_system_timer, TWINWIRE_SYSTEM);
  refuse("asio::deadline_timer", &twinwire_foreign_deadline_timer, TWINWIRE_PTIME);
}

}  // namespace

void require_one_timer_service() noexcept {}

}  // namespace twinwire::sim
