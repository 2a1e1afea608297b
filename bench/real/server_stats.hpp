// What another process has used, read from /proc: the load generator takes one of these at each end of the
// measured phase, so start-up, connecting and warm-up of the server do not count.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/types.h>
#include <system_error>

namespace bench {

struct ServerStats {
  std::uint64_t cpu_ns = 0;        // on a CPU: user code, and the kernel's work in its system calls
  std::uint64_t run_delay_ns = 0;  // runnable, but waiting for a CPU: how disturbed the run was
  std::uint64_t resident_bytes = 0;
};

/// All threads of the process together. Without a process (0), or without /proc, everything is 0.
inline ServerStats read_server_stats(pid_t pid) {
  ServerStats stats;
  if (pid == 0) return stats;
  const std::string directory = "/proc/" + std::to_string(pid);
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator(directory + "/task", error)) {
    // Nanoseconds, where /proc/PID/stat has only ticks.
    std::ifstream schedstat(thread.path() / "schedstat");
    std::uint64_t cpu_ns = 0;
    std::uint64_t run_delay_ns = 0;
    if (schedstat >> cpu_ns >> run_delay_ns) {
      stats.cpu_ns += cpu_ns;
      stats.run_delay_ns += run_delay_ns;
    }
  }
  // Counted from the page tables: VmRSS of /proc/PID/status may lag by hundreds of kilobytes.
  std::ifstream smaps(directory + "/smaps_rollup");
  for (std::string line; std::getline(smaps, line);) {
    unsigned long long resident_kib = 0;
    if (std::sscanf(line.c_str(), "Rss: %llu kB", &resident_kib) == 1) {
      stats.resident_bytes = resident_kib * 1024;
      break;
    }
  }
  return stats;
}

}  // namespace bench
