// An LD_PRELOAD library that counts the system calls on a server's network path. It disturbs far less than
// strace, whose cost changes what a speculative read finds.
//
// SYSCOUNT_FILE names a file to share the counters through: records of a name (16 bytes, zero padded), the
// calls, and how many of those were in vain (EAGAIN, or a wait that returned no event), 64 bits each.
//
// The headers that declare these functions are left out on purpose: the C library marks some of them
// noexcept, and here only the register-sized arguments matter.
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

struct Counter {
  char name[16];
  std::uint64_t calls;
  std::uint64_t in_vain;
};

constexpr std::size_t counters_max = 64;
Counter private_counters[counters_max];

/// The shared table, or a private one where there is no file. The descriptor stays open: close() is counted
/// itself, and would need the table that is being made.
Counter* open_table() {
  const char* path = std::getenv("SYSCOUNT_FILE");
  if (path == nullptr) return private_counters;
  const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof private_counters) < 0) return private_counters;
  void* shared = ::mmap(nullptr, sizeof private_counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return shared == MAP_FAILED ? private_counters : static_cast<Counter*>(shared);
}

Counter& claim(const char* name) {
  static Counter* const table = open_table();
  static std::atomic<std::size_t> claimed = 0;
  const std::size_t index = claimed++;
  if (index >= counters_max) std::abort();
  std::strncpy(table[index].name, name, sizeof table[index].name - 1);
  return table[index];
}

template <class Result>
Result count(Counter& counter, Result result, bool in_vain) {
  ++counter.calls;
  if (in_vain || (result < 0 && errno == EAGAIN)) ++counter.in_vain;
  return result;
}

}  // namespace

// `in_vain` is an expression of `result`, for calls that can come back empty without an error.
#define INTERPOSE_OR(type, name, parameters, arguments, in_vain)                              \
  extern "C" type name parameters {                                                           \
    static const auto real = reinterpret_cast<type(*) parameters>(::dlsym(RTLD_NEXT, #name)); \
    static Counter& counter = claim(#name);                                                   \
    const type result = real arguments;                                                       \
    return count(counter, result, in_vain);                                                   \
  }
#define INTERPOSE(type, name, parameters, arguments) INTERPOSE_OR(type, name, parameters, arguments, false)

INTERPOSE(ssize_t, read, (int fd, void* data, size_t size), (fd, data, size))
INTERPOSE(ssize_t, readv, (int fd, const void* parts, int number), (fd, parts, number))
INTERPOSE(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags))
INTERPOSE(ssize_t, recvfrom, (int fd, void* data, size_t size, int flags, void* address, void* length),
          (fd, data, size, flags, address, length))
INTERPOSE(ssize_t, recvmsg, (int fd, void* message, int flags), (fd, message, flags))
INTERPOSE(int, recvmmsg, (int fd, void* messages, unsigned number, int flags, void* timeout),
          (fd, messages, number, flags, timeout))
INTERPOSE(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
INTERPOSE(ssize_t, writev, (int fd, const void* parts, int number), (fd, parts, number))
INTERPOSE(ssize_t, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
INTERPOSE(ssize_t, sendto,
          (int fd, const void* data, size_t size, int flags, const void* address, unsigned length),
          (fd, data, size, flags, address, length))
INTERPOSE(ssize_t, sendmsg, (int fd, const void* message, int flags), (fd, message, flags))
INTERPOSE(int, sendmmsg, (int fd, void* messages, unsigned number, int flags), (fd, messages, number, flags))

INTERPOSE(int, epoll_ctl, (int epoll, int operation, int fd, void* event), (epoll, operation, fd, event))
INTERPOSE_OR(int, epoll_wait, (int epoll, void* events, int number, int timeout_ms),
             (epoll, events, number, timeout_ms), result == 0)
INTERPOSE_OR(int, epoll_pwait, (int epoll, void* events, int number, int timeout_ms, const void* mask),
             (epoll, events, number, timeout_ms, mask), result == 0)
INTERPOSE_OR(int, epoll_pwait2, (int epoll, void* events, int number, const void* timeout, const void* mask),
             (epoll, events, number, timeout, mask), result == 0)
INTERPOSE_OR(int, poll, (void* fds, unsigned long number, int timeout_ms), (fds, number, timeout_ms),
             result == 0)
INTERPOSE(int, timerfd_settime, (int fd, int flags, const void* value, void* old), (fd, flags, value, old))

INTERPOSE(int, accept, (int fd, void* address, void* length), (fd, address, length))
INTERPOSE(int, accept4, (int fd, void* address, void* length, int flags), (fd, address, length, flags))
INTERPOSE(int, setsockopt, (int fd, int level, int option, const void* value, unsigned size),
          (fd, level, option, value, size))
INTERPOSE(int, getsockopt, (int fd, int level, int option, void* value, void* size),
          (fd, level, option, value, size))
INTERPOSE(int, getsockname, (int fd, void* address, void* length), (fd, address, length))
INTERPOSE(int, getpeername, (int fd, void* address, void* length), (fd, address, length))
INTERPOSE(int, shutdown, (int fd, int how), (fd, how))
INTERPOSE(int, close, (int fd), (fd))
// Variadic in the C library; one more register argument is passed the same way on the ABIs that Linux has.
INTERPOSE(int, ioctl, (int fd, unsigned long request, void* argument), (fd, request, argument))

// libuv closes through this one. It has to be another name to the compiler, as its declaration is variadic.
extern "C" long any_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");
extern "C" long any_syscall(long number, long a, long b, long c, long d, long e, long f) {
  static const auto real = reinterpret_cast<decltype(&any_syscall)>(::dlsym(RTLD_NEXT, "syscall"));
  static Counter& counter = claim("syscall");
  return count(counter, real(number, a, b, c, d, e, f), false);
}
