// Random bits: https://man7.org/linux/man-pages/man2/getrandom.2.html, getentropy.3, random.4, and what
// std::random_device makes of them.
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/virtual_system.hpp>
#include <twinwire/sim/running_world.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace twinwire::sim::fence {
namespace {

constexpr std::size_t getentropy_max = 256;

/// /dev/random or /dev/urandom, whatever name it was opened by, and whenever.
bool is_random_device(int descriptor) noexcept {
  const int kept = errno;
  struct stat status{};
  const bool known = ::fstat(descriptor, &status) == 0;
  errno = kept;
  return known && S_ISCHR(status.st_mode) && major(status.st_rdev) == 1 &&
         (minor(status.st_rdev) == 8 || minor(status.st_rdev) == 9);
}

/// The world that answers a read from this descriptor; null if the system does.
World* world_of(int descriptor) noexcept {
  World* const world = RunningWorld::get();
  return world && is_random_device(descriptor) ? world : nullptr;
}

World* world_of(FILE* stream) noexcept {
  World* const world = RunningWorld::get();
  return world && is_random_device(::fileno(stream)) ? world : nullptr;
}

template <class Number>
Number random_number(World& world) noexcept {
  Number number{};
  fill_random(world, &number, sizeof number);
  return number;
}

}  // namespace

// --- asked for ---

TWINWIRE_FENCED(ssize_t, getrandom, void* buffer, std::size_t size, unsigned flags) {
  World* const world = RunningWorld::get();
  if (!world) return real_getrandom(buffer, size, flags);
  fill_random(*world, buffer, size);
  return static_cast<ssize_t>(size);
}

TWINWIRE_FENCED(int, getentropy, void* buffer, std::size_t size) {
  World* const world = RunningWorld::get();
  if (!world) return real_getentropy(buffer, size);
  if (size > getentropy_max) {
    errno = EIO;
    return -1;
  }
  fill_random(*world, buffer, size);
  return 0;
}

TWINWIRE_FENCED(std::uint32_t, arc4random) {
  World* const world = RunningWorld::get();
  return world ? random_number<std::uint32_t>(*world) : real_arc4random();
}

TWINWIRE_FENCED(void, arc4random_buf, void* buffer, std::size_t size) {
  World* const world = RunningWorld::get();
  return world ? fill_random(*world, buffer, size) : real_arc4random_buf(buffer, size);
}

TWINWIRE_FENCED(std::uint32_t, arc4random_uniform, std::uint32_t bound) {
  World* const world = RunningWorld::get();
  if (!world) return real_arc4random_uniform(bound);
  return static_cast<std::uint32_t>(std::uint64_t{random_number<std::uint32_t>(*world)} * bound >> 32);
}

// std::random_device of libstdc++ asks the processor, and no function of the system. Weak, so that a program
// with a libstdc++ of its own can be linked.
TWINWIRE_FENCED_AS(weak, random_device, "_ZNSt13random_device9_M_getvalEv", unsigned, void* device) {
  World* const world = RunningWorld::get();
  return world ? random_number<unsigned>(*world) : real_random_device(device);
}

// --- read ---

TWINWIRE_FENCED(ssize_t, read, int descriptor, void* buffer, std::size_t size) {
  World* const world = world_of(descriptor);
  if (!world) return real_read(descriptor, buffer, size);
  fill_random(*world, buffer, size);
  return static_cast<ssize_t>(size);
}

// What read becomes with _FORTIFY_SOURCE.
TWINWIRE_FENCED(ssize_t, __read_chk, int descriptor, void* buffer, std::size_t size, std::size_t room) {
  World* const world = world_of(descriptor);
  if (!world || size > room) return real___read_chk(descriptor, buffer, size, room);
  fill_random(*world, buffer, size);
  return static_cast<ssize_t>(size);
}

TWINWIRE_FENCED(ssize_t, readv, int descriptor, const iovec* buffers, int count) {
  World* const world = world_of(descriptor);
  if (!world) return real_readv(descriptor, buffers, count);
  ssize_t size = 0;
  for (int i = 0; i < count; ++i) {
    fill_random(*world, buffers[i].iov_base, buffers[i].iov_len);
    size += static_cast<ssize_t>(buffers[i].iov_len);
  }
  return size;
}

TWINWIRE_FENCED(std::size_t, fread, void* buffer, std::size_t size, std::size_t count, FILE* stream) {
  World* const world = world_of(stream);
  if (!world) return real_fread(buffer, size, count, stream);
  fill_random(*world, buffer, size * count);
  return size == 0 ? 0 : count;
}

TWINWIRE_FENCED(std::size_t, __fread_chk, void* buffer, std::size_t room, std::size_t size, std::size_t count,
                FILE* stream) {
  World* const world = world_of(stream);
  if (!world || size * count > room) return real___fread_chk(buffer, room, size, count, stream);
  fill_random(*world, buffer, size * count);
  return size == 0 ? 0 : count;
}

TWINWIRE_FENCED(int, fgetc, FILE* stream) {
  World* const world = world_of(stream);
  return world ? random_number<std::uint8_t>(*world) : real_fgetc(stream);
}

TWINWIRE_FENCED(int, getc, FILE* stream) {
  World* const world = world_of(stream);
  return world ? random_number<std::uint8_t>(*world) : real_getc(stream);
}

}  // namespace twinwire::sim::fence
