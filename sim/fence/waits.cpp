// What waits for real time to pass, or for somebody else to do something.
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/refusal.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

namespace twinwire::sim::fence {
namespace {

bool has_time(const timespec* timeout) {
  return !timeout || timeout->tv_sec != 0 || timeout->tv_nsec != 0;
}

/// One that is free needs nobody.
bool taken_at_once(sem_t* semaphore) {
  const int before = errno;
  if (::sem_trywait(semaphore) == 0) return true;
  errno = before;
  return false;
}

}  // namespace

// --- sleeping ---

TWINWIRE_FENCED(unsigned, sleep, unsigned seconds) {
  return refused("sleep", sleep_rule) ? seconds : real_sleep(seconds);
}

TWINWIRE_FENCED(int, usleep, useconds_t time) {
  return refused("usleep", sleep_rule) ? not_permitted() : real_usleep(time);
}

TWINWIRE_FENCED(int, nanosleep, const timespec* time, timespec* rest) {
  return refused("nanosleep", sleep_rule) ? not_permitted() : real_nanosleep(time, rest);
}

TWINWIRE_FENCED(int, clock_nanosleep, clockid_t clock, int flags, const timespec* time, timespec* rest) {
  return refused("clock_nanosleep", sleep_rule) ? EPERM : real_clock_nanosleep(clock, flags, time, rest);
}

TWINWIRE_FENCED(int, thrd_sleep, const timespec* time, timespec* rest) {
  return refused("thrd_sleep", sleep_rule) ? -2 : real_thrd_sleep(time, rest);
}

TWINWIRE_FENCED(int, pause) {
  return refused("pause", wait_rule) ? not_permitted() : real_pause();
}

// --- signals at a time; taking them back passes ---

TWINWIRE_FENCED(int, setitimer, int which, const itimerval* time, itimerval* before) {
  const bool rings = time && (time->it_value.tv_sec != 0 || time->it_value.tv_usec != 0);
  return rings && refused("setitimer", sleep_rule) ? not_permitted() : real_setitimer(which, time, before);
}

TWINWIRE_FENCED(int, timer_create, clockid_t clock, sigevent* how, timer_t* timer) {
  return refused("timer_create", sleep_rule) ? not_permitted() : real_timer_create(clock, how, timer);
}

// --- waiting for descriptors; looking at them without waiting passes ---

TWINWIRE_FENCED(int, poll, pollfd* descriptors, nfds_t count, int timeout) {
  if (timeout != 0 && refused("poll", sleep_rule)) return not_permitted();
  return real_poll(descriptors, count, timeout);
}

// What poll becomes with _FORTIFY_SOURCE.
TWINWIRE_FENCED(int, __poll_chk, pollfd* descriptors, nfds_t count, int timeout, std::size_t room) {
  if (timeout != 0 && refused("poll", sleep_rule)) return not_permitted();
  return real___poll_chk(descriptors, count, timeout, room);
}

TWINWIRE_FENCED(int, ppoll, pollfd* descriptors, nfds_t count, const timespec* timeout,
                const sigset_t* signals) {
  if (has_time(timeout) && refused("ppoll", sleep_rule)) return not_permitted();
  return real_ppoll(descriptors, count, timeout, signals);
}

TWINWIRE_FENCED(int, __ppoll_chk, pollfd* descriptors, nfds_t count, const timespec* timeout,
                const sigset_t* signals, std::size_t room) {
  if (has_time(timeout) && refused("ppoll", sleep_rule)) return not_permitted();
  return real___ppoll_chk(descriptors, count, timeout, signals, room);
}

TWINWIRE_FENCED(int, select, int count, fd_set* readable, fd_set* writable, fd_set* failed,
                timeval* timeout) {
  const bool waits = !timeout || timeout->tv_sec != 0 || timeout->tv_usec != 0;
  if (waits && refused("select", sleep_rule)) return not_permitted();
  return real_select(count, readable, writable, failed, timeout);
}

TWINWIRE_FENCED(int, pselect, int count, fd_set* readable, fd_set* writable, fd_set* failed,
                const timespec* timeout, const sigset_t* signals) {
  if (has_time(timeout) && refused("pselect", sleep_rule)) return not_permitted();
  return real_pselect(count, readable, writable, failed, timeout, signals);
}

TWINWIRE_FENCED(int, epoll_wait, int descriptor, epoll_event* events, int count, int timeout) {
  if (timeout != 0 && refused("epoll_wait", sleep_rule)) return not_permitted();
  return real_epoll_wait(descriptor, events, count, timeout);
}

TWINWIRE_FENCED(int, epoll_pwait, int descriptor, epoll_event* events, int count, int timeout,
                const sigset_t* signals) {
  if (timeout != 0 && refused("epoll_pwait", sleep_rule)) return not_permitted();
  return real_epoll_pwait(descriptor, events, count, timeout, signals);
}

TWINWIRE_FENCED(int, epoll_pwait2, int descriptor, epoll_event* events, int count, const timespec* timeout,
                const sigset_t* signals) {
  if (has_time(timeout) && refused("epoll_pwait2", sleep_rule)) return not_permitted();
  return real_epoll_pwait2(descriptor, events, count, timeout, signals);
}

// --- waiting for other threads; a wait may end for no reason, so that is how a refused one does ---

TWINWIRE_FENCED(int, pthread_cond_wait, pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return refused("pthread_cond_wait", wait_rule) ? 0 : real_pthread_cond_wait(condition, mutex);
}

TWINWIRE_FENCED(int, pthread_cond_timedwait, pthread_cond_t* condition, pthread_mutex_t* mutex,
                const timespec* deadline) {
  if (refused("pthread_cond_timedwait", wait_rule)) return ETIMEDOUT;
  return real_pthread_cond_timedwait(condition, mutex, deadline);
}

TWINWIRE_FENCED(int, pthread_cond_clockwait, pthread_cond_t* condition, pthread_mutex_t* mutex,
                clockid_t clock, const timespec* deadline) {
  if (refused("pthread_cond_clockwait", wait_rule)) return ETIMEDOUT;
  return real_pthread_cond_clockwait(condition, mutex, clock, deadline);
}

TWINWIRE_FENCED(int, cnd_wait, cnd_t* condition, mtx_t* mutex) {
  return refused("cnd_wait", wait_rule) ? thrd_success : real_cnd_wait(condition, mutex);
}

TWINWIRE_FENCED(int, cnd_timedwait, cnd_t* condition, mtx_t* mutex, const timespec* deadline) {
  if (refused("cnd_timedwait", wait_rule)) return thrd_timedout;
  return real_cnd_timedwait(condition, mutex, deadline);
}

TWINWIRE_FENCED(int, sem_wait, sem_t* semaphore) {
  if (taken_at_once(semaphore)) return 0;
  return refused("sem_wait", wait_rule) ? not_permitted() : real_sem_wait(semaphore);
}

TWINWIRE_FENCED(int, sem_timedwait, sem_t* semaphore, const timespec* deadline) {
  if (taken_at_once(semaphore)) return 0;
  return refused("sem_timedwait", wait_rule) ? not_permitted() : real_sem_timedwait(semaphore, deadline);
}

TWINWIRE_FENCED(int, sem_clockwait, sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  if (taken_at_once(semaphore)) return 0;
  if (refused("sem_clockwait", wait_rule)) return not_permitted();
  return real_sem_clockwait(semaphore, clock, deadline);
}

}  // namespace twinwire::sim::fence
