// What the system tells a simulated program: one probe for each function.
#include "simulated.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <string>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

extern "C" ssize_t __read_chk(int, void*, std::size_t, std::size_t);
extern "C" std::size_t __fread_chk(void*, std::size_t, std::size_t, std::size_t, FILE*);

namespace twinwire::fence {
namespace {

using namespace std::chrono_literals;

Duration to_duration(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

template <clockid_t Clock>
Duration clock_time() {
  timespec time{};
  REQUIRE(::clock_gettime(Clock, &time) == 0);
  return to_duration(time);
}

struct ClockProbe {
  const char* name;
  Duration (*now)();
};

const ClockProbe calendars[] = {
    {"clock_gettime", clock_time<CLOCK_REALTIME>},
    {"clock_gettime coarse", clock_time<CLOCK_REALTIME_COARSE>},
    {"time", []() -> Duration { return std::chrono::seconds(::time(nullptr)); }},
    {"time by pointer",
     []() -> Duration {
       time_t now = 0;
       ::time(&now);
       return std::chrono::seconds(now);
     }},
    {"gettimeofday",
     [] {
       timeval time{};
       ::gettimeofday(&time, nullptr);
       return to_duration(time);
     }},
    {"timespec_get",
     [] {
       timespec time{};
       CHECK(::timespec_get(&time, TIME_UTC) == TIME_UTC);
       return to_duration(time);
     }},
    {"system_clock", []() -> Duration { return std::chrono::system_clock::now().time_since_epoch(); }},
    {"SYS_clock_gettime",
     [] {
       timespec time{};
       ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &time);
       return to_duration(time);
     }},
    {"SYS_gettimeofday",
     [] {
       timeval time{};
       ::syscall(SYS_gettimeofday, &time, nullptr);
       return to_duration(time);
     }},
    {"SYS_time", []() -> Duration { return std::chrono::seconds(::syscall(SYS_time, nullptr)); }},
};

const ClockProbe stopwatches[] = {
    {"clock_gettime", clock_time<CLOCK_MONOTONIC>},
    {"clock_gettime raw", clock_time<CLOCK_MONOTONIC_RAW>},
    {"clock_gettime boot", clock_time<CLOCK_BOOTTIME>},
    {"clock_gettime processor", clock_time<CLOCK_PROCESS_CPUTIME_ID>},
    {"steady_clock", []() -> Duration { return std::chrono::steady_clock::now().time_since_epoch(); }},
    {"clock", []() -> Duration { return std::chrono::microseconds(::clock()); }},
    {"times",
     []() -> Duration {
       tms parts{};
       return std::chrono::nanoseconds(1s) * ::times(&parts) / ::sysconf(_SC_CLK_TCK);
     }},
};

constexpr WallTime begin = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

TEST_CASE("under simulation the calendar is that of the host, and outside of it the real one") {
  for (const ClockProbe& probe : calendars) {
    CAPTURE(probe.name);
    Duration seen{};
    const auto report = simulate([&] { seen = probe.now(); });
    CHECK_FALSE(report);
    CHECK(seen == begin.time_since_epoch() + 1h + 5s);
    const Duration real = probe.now();
    CHECK(real != seen);
    CHECK(real > Duration(std::chrono::years(50)));
  }
}

TEST_CASE("under simulation all other clocks show the time of the host's loop") {
  for (const ClockProbe& probe : stopwatches) {
    CAPTURE(probe.name);
    Duration seen{};
    const auto report = simulate([&] { seen = probe.now(); });
    CHECK_FALSE(report);
    CHECK(seen == 10s);
    const Duration earlier = probe.now();
    CHECK(earlier != seen);
    CHECK(probe.now() >= earlier);
  }
}

TEST_CASE("a clock that does not exist stays an error") {
  constexpr clockid_t none = 1000;
  const auto fails = [] {
    timespec time{};
    return ::clock_gettime(none, &time) < 0 && errno == EINVAL && ::timespec_get(&time, 77) == 0;
  };
  CHECK(fails());
  bool failed = false;
  CHECK_FALSE(simulate([&] { failed = fails(); }));
  CHECK(failed);
}

// --- random bits ---

using Bits = std::array<unsigned char, 24>;

/// A stream on the random device, opened in the way of C.
struct Device {
  FILE* stream = std::fopen("/dev/urandom", "rb");
  ~Device() { std::fclose(stream); }
};

struct Descriptor {
  int number = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  ~Descriptor() { ::close(number); }
};

template <class Source>
Bits collect(Source source) {
  Bits bits{};
  for (unsigned char& byte : bits) byte = static_cast<unsigned char>(source());
  return bits;
}

struct BitProbe {
  const char* name;
  Bits (*take)();
};

const BitProbe bit_probes[] = {
    {"getrandom",
     [] {
       Bits bits{};
       CHECK(::getrandom(bits.data(), bits.size(), 0) == ssize_t{24});
       return bits;
     }},
    {"getentropy",
     [] {
       Bits bits{};
       CHECK(::getentropy(bits.data(), bits.size()) == 0);
       return bits;
     }},
    {"arc4random", [] { return collect([] { return ::arc4random(); }); }},
    {"arc4random_buf",
     [] {
       Bits bits{};
       ::arc4random_buf(bits.data(), bits.size());
       return bits;
     }},
    {"arc4random_uniform", [] { return collect([] { return ::arc4random_uniform(200); }); }},
    {"random_device", [] { return collect(std::random_device()); }},
    {"random_device of a file", [] { return collect(std::random_device("/dev/urandom")); }},
    {"SYS_getrandom",
     [] {
       Bits bits{};
       CHECK(::syscall(SYS_getrandom, bits.data(), bits.size(), 0) == 24);
       return bits;
     }},
    {"read",
     [] {
       Bits bits{};
       CHECK(::read(Descriptor().number, bits.data(), bits.size()) == 24);
       return bits;
     }},
    {"__read_chk",
     [] {
       Bits bits{};
       CHECK(::__read_chk(Descriptor().number, bits.data(), bits.size(), bits.size()) == 24);
       return bits;
     }},
    {"readv",
     [] {
       Bits bits{};
       const iovec parts[] = {{bits.data(), 10}, {bits.data() + 10, 14}};
       CHECK(::readv(Descriptor().number, parts, 2) == 24);
       return bits;
     }},
    {"fread",
     [] {
       Bits bits{};
       CHECK(std::fread(bits.data(), 8, 3, Device().stream) == 3);
       return bits;
     }},
    {"__fread_chk",
     [] {
       Bits bits{};
       CHECK(::__fread_chk(bits.data(), bits.size(), 8, 3, Device().stream) == 3);
       CHECK(::__fread_chk(bits.data(), bits.size(), 0, 3, Device().stream) == 0);
       CHECK(std::fread(bits.data(), 0, 3, Device().stream) == 0);
       return bits;
     }},
    {"fgetc", [] { return collect([] { return std::fgetc(Device().stream); }); }},
    {"getc", [] { return collect([] { return ::getc(Device().stream); }); }},
    {"ifstream",
     [] {
       Bits bits{};
       std::ifstream("/dev/urandom").read(reinterpret_cast<char*>(bits.data()), bits.size());
       return bits;
     }},
};

Bits simulated_bits(const BitProbe& probe, std::uint64_t seed) {
  Bits bits{};
  CHECK_FALSE(simulate([&] { bits = probe.take(); }, seed));
  return bits;
}

TEST_CASE("under simulation random bits are those of the seed, and outside of it they are random") {
  for (const BitProbe& probe : bit_probes) {
    CAPTURE(probe.name);
    const Bits bits = simulated_bits(probe, 1);
    CHECK(bits != Bits{});
    CHECK(bits == simulated_bits(probe, 1));
    CHECK(bits != simulated_bits(probe, 2));
    CHECK(probe.take() != bits);
    CHECK(probe.take() != probe.take());
  }
}

TEST_CASE("random bits differ from host to host, go on, and are apart from those of Loop::random") {
  const auto run = [](bool ask_loop) {
    sim::World world(1);
    std::vector<std::uint64_t> all;
    for (const char* name : {"one", "other"}) {
      Loop& loop = world.add_host(name).loop();
      loop.call_soon([&] {
        for (int i = 0; i < 2; ++i) {
          if (ask_loop) loop.random();
          std::uint64_t bits = 0;
          CHECK(::getentropy(&bits, sizeof bits) == 0);
          all.push_back(bits);
        }
      });
    }
    world.run();
    return all;
  };
  const std::vector<std::uint64_t> all = run(false);
  REQUIRE(all.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(all[i] != all[j]);
  }
  CHECK(run(true) == all);
}

TEST_CASE("other files are read as ever, and too much entropy at once is an error as ever") {
  const auto read_zeros = [] {
    Bits bits;
    bits.fill(1);
    std::ifstream("/dev/zero").read(reinterpret_cast<char*>(bits.data()), bits.size());
    return bits;
  };
  const auto asks_too_much = [] {
    std::array<char, 257> many;
    return ::getentropy(many.data(), many.size()) < 0 && errno == EIO;
  };
  CHECK(asks_too_much());
  Bits bits{};
  bool failed = false;
  CHECK_FALSE(simulate([&] {
    bits = read_zeros();
    failed = asks_too_much();
  }));
  CHECK(bits == Bits{});
  CHECK(failed);
}

}  // namespace
}  // namespace twinwire::fence
