// System calls by their number: https://man7.org/linux/man-pages/man2/syscall.2.html
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/refusal.hpp>
#include <twinwire/sim/fence/virtual_system.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <linux/futex.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>

namespace twinwire::sim::fence {
namespace {

struct RawRule {
  long number;
  const char* call;
  const Rule& rule;
};

constexpr RawRule raw_rules[] = {
    {SYS_accept4, "syscall(SYS_accept4)", socket_rule},
    {SYS_bind, "syscall(SYS_bind)", socket_rule},
    {SYS_clock_nanosleep, "syscall(SYS_clock_nanosleep)", sleep_rule},
    {SYS_clone, "syscall(SYS_clone)", thread_rule},
    {SYS_clone3, "syscall(SYS_clone3)", thread_rule},
    {SYS_connect, "syscall(SYS_connect)", socket_rule},
    {SYS_epoll_create1, "syscall(SYS_epoll_create1)", poll_rule},
    {SYS_fork, "syscall(SYS_fork)", process_rule},
    {SYS_io_uring_setup, "syscall(SYS_io_uring_setup)", poll_rule},
    {SYS_listen, "syscall(SYS_listen)", socket_rule},
    {SYS_nanosleep, "syscall(SYS_nanosleep)", sleep_rule},
    {SYS_recvfrom, "syscall(SYS_recvfrom)", socket_rule},
    {SYS_recvmmsg, "syscall(SYS_recvmmsg)", socket_rule},
    {SYS_recvmsg, "syscall(SYS_recvmsg)", socket_rule},
    {SYS_sendmmsg, "syscall(SYS_sendmmsg)", socket_rule},
    {SYS_sendmsg, "syscall(SYS_sendmsg)", socket_rule},
    {SYS_sendto, "syscall(SYS_sendto)", socket_rule},
    {SYS_socket, "syscall(SYS_socket)", socket_rule},
    {SYS_socketpair, "syscall(SYS_socketpair)", socket_rule},
    {SYS_timerfd_create, "syscall(SYS_timerfd_create)", poll_rule},
};

/// std::atomic::wait and std::future wait so.
bool waits_for_thread(long number, long operation) {
  if (number != SYS_futex) return false;
  const long command = operation & FUTEX_CMD_MASK;
  return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

/// The error of a call that is refused, or 0.
int refusal_of(long number, const long (&arguments)[6]) {
  if (waits_for_thread(number, arguments[1])) {
    if (!refused("syscall(SYS_futex)", wait_rule)) return 0;
    return arguments[3] != 0 ? ETIMEDOUT : EPERM;  // who gave a time tries again after any other error
  }
  const auto* rule = std::ranges::find(raw_rules, number, &RawRule::number);
  return rule != std::end(raw_rules) && refused(rule->call, rule->rule) ? EPERM : 0;
}

}  // namespace

extern "C" long interceptor_syscall(long number, ...) __asm__("__interceptor_syscall") __attribute__((weak));
static constinit Passage<long(long, ...)> real_syscall("syscall", &interceptor_syscall);
extern "C" __attribute__((visibility("default"))) long fenced_syscall(long number, ...) __asm__("syscall");

long fenced_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (long& one : argument) one = va_arg(list, long);
  va_end(list);
  if (World* const world = RunningWorld::get()) {
    if (const int error = refusal_of(number, argument)) {
      errno = error;
      return -1;
    }
    switch (number) {
      // The functions of these names are ours.
      case SYS_clock_gettime:
        return ::clock_gettime(static_cast<clockid_t>(argument[0]), reinterpret_cast<timespec*>(argument[1]));
      case SYS_gettimeofday:
        return ::gettimeofday(reinterpret_cast<timeval*>(argument[0]), nullptr);
#ifdef SYS_time
      case SYS_time:
        return ::time(reinterpret_cast<time_t*>(argument[0]));
#endif
      case SYS_getrandom:
        fill_random(*world, reinterpret_cast<void*>(argument[0]), static_cast<std::size_t>(argument[1]));
        return argument[1];
      default:
        break;
    }
  }
  return real_syscall(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

}  // namespace twinwire::sim::fence
