// What a simulated program must not do: one probe for each function.
#include "simulated.hpp"

#include <twinwire/sim/running_world.hpp>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <linux/futex.h>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <string>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <thread>
#include <threads.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

extern "C" int __poll_chk(pollfd*, nfds_t, int, std::size_t);
extern "C" int __ppoll_chk(pollfd*, nfds_t, const timespec*, const sigset_t*, std::size_t);
extern "C" ssize_t __recv_chk(int, void*, std::size_t, std::size_t, int);
extern "C" ssize_t __recvfrom_chk(int, void*, std::size_t, std::size_t, int, sockaddr*, socklen_t*);

namespace twinwire::fence {
namespace {

using Catch::Matchers::Contains;

constexpr timespec moment{0, 1000};

timespec soon(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time;
}

void* nothing(void*) {
  return nullptr;
}

// The thread sanitizer does not know of the threads of <threads.h>: code in them must not call its runtime.
#ifdef __clang__
[[clang::disable_sanitizer_instrumentation]]
#endif
int nothing_in_c(void*) {
  return 0;
}

/// A condition that nobody signals, locked as a wait needs it.
struct Condition {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  Condition() { ::pthread_mutex_lock(&mutex); }
  ~Condition() { ::pthread_mutex_unlock(&mutex); }
};

struct ConditionOfC {
  mtx_t mutex;
  cnd_t condition;
  ConditionOfC() {
    ::mtx_init(&mutex, mtx_plain);
    ::cnd_init(&condition);
    ::mtx_lock(&mutex);
  }
  ~ConditionOfC() {
    ::mtx_unlock(&mutex);
    ::mtx_destroy(&mutex);
    ::cnd_destroy(&condition);
  }
};

struct Semaphore {
  sem_t semaphore;
  Semaphore() { ::sem_init(&semaphore, 0, 0); }
  ~Semaphore() { ::sem_destroy(&semaphore); }
};

int spawn(decltype(::posix_spawn) function) {
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  pid_t child = -1;
  const int error = function(&child, name, nullptr, nullptr, arguments, nullptr);
  if (error == 0) ::waitpid(child, nullptr, 0);
  return error;
}

/// Closes what it is given, should it be there.
bool opened(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

struct Probe {
  const char* call;
  /// Makes the call; true if it did what the system does outside of a simulation, which may be an error, too.
  bool (*passes)();
};

// With descriptor -1 the system says EBADF where the fence says EPERM.
#define PROBE_DESCRIPTOR(call, ...)                                                   \
  Probe {                                                                             \
    #call, [] { return ::call(-1 __VA_OPT__(, ) __VA_ARGS__) < 0 && errno == EBADF; } \
  }
// The system refuses these numbers for other reasons.
#define PROBE_RAW(number, ...)                                                                   \
  Probe {                                                                                        \
    "syscall(" #number ")", [] { return ::syscall(number, __VA_ARGS__) >= 0 || errno != EPERM; } \
  }

const Probe process_probes[] = {
    {"pthread_create",
     [] {
       pthread_t thread{};
       if (::pthread_create(&thread, nullptr, nothing, nullptr) != 0) return false;
       return ::pthread_join(thread, nullptr) == 0;
     }},
    {"thrd_create",
     [] {
       thrd_t thread{};
       if (::thrd_create(&thread, nothing_in_c, nullptr) != thrd_success) return false;
       return ::thrd_join(thread, nullptr) == thrd_success;
     }},
    {"fork",
     [] {
       const pid_t child = ::fork();
       if (child == 0) ::_exit(0);
       return child > 0 && ::waitpid(child, nullptr, 0) == child;
     }},
    {"posix_spawn", [] { return spawn(::posix_spawn) == 0; }},
    {"posix_spawnp", [] { return spawn(::posix_spawnp) == 0; }},
    {"system", [] { return ::system("true") == 0; }},
    {"popen",
     [] {
       FILE* const stream = ::popen("true", "r");
       return stream != nullptr && ::pclose(stream) == 0;
     }},
};

const Probe socket_probes[] = {
    {"socket", [] { return opened(::socket(AF_INET, SOCK_STREAM, 0)); }},
    {"socketpair",
     [] {
       int pair[2] = {-1, -1};
       if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return false;
       return opened(pair[0]) && opened(pair[1]);
     }},
    PROBE_DESCRIPTOR(bind, nullptr, 0),
    PROBE_DESCRIPTOR(listen, 1),
    PROBE_DESCRIPTOR(connect, nullptr, 0),
    PROBE_DESCRIPTOR(accept, nullptr, nullptr),
    PROBE_DESCRIPTOR(accept4, nullptr, nullptr, 0),
    PROBE_DESCRIPTOR(send, "", 0, 0),
    PROBE_DESCRIPTOR(sendto, "", 0, 0, nullptr, 0),
    {"sendmsg",
     [] {
       const msghdr message{};
       return ::sendmsg(-1, &message, 0) < 0 && errno == EBADF;
     }},
    {"sendmmsg",
     [] {
       mmsghdr message{};
       return ::sendmmsg(-1, &message, 1, 0) < 0 && errno == EBADF;
     }},
    {"recv",
     [] {
       char byte = 0;
       return ::recv(-1, &byte, 1, 0) < 0 && errno == EBADF;
     }},
    {"recv",
     [] {
       char byte = 0;
       return ::__recv_chk(-1, &byte, 1, 1, 0) < 0 && errno == EBADF;
     }},
    {"recvfrom",
     [] {
       char byte = 0;
       return ::__recvfrom_chk(-1, &byte, 1, 1, 0, nullptr, nullptr) < 0 && errno == EBADF;
     }},
    {"recvfrom",
     [] {
       char byte = 0;
       return ::recvfrom(-1, &byte, 1, 0, nullptr, nullptr) < 0 && errno == EBADF;
     }},
    {"recvmsg",
     [] {
       msghdr message{};
       return ::recvmsg(-1, &message, 0) < 0 && errno == EBADF;
     }},
    {"recvmmsg",
     [] {
       mmsghdr message{};
       return ::recvmmsg(-1, &message, 1, 0, nullptr) < 0 && errno == EBADF;
     }},
    {"epoll_create", [] { return opened(::epoll_create(1)); }},
    {"epoll_create1", [] { return opened(::epoll_create1(0)); }},
    {"timerfd_create", [] { return opened(::timerfd_create(CLOCK_MONOTONIC, 0)); }},
    {"getaddrinfo",
     [] {
       addrinfo* found = nullptr;
       if (::getaddrinfo("127.0.0.1", "80", nullptr, &found) != 0) return false;
       ::freeaddrinfo(found);
       return true;
     }},
    {"getnameinfo",
     [] {
       sockaddr_in address{};
       address.sin_family = AF_UNIX;  // which is too small for a name to be asked for
       char host[2] = {};
       return ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), 1, host, sizeof host, nullptr, 0,
                            0) == EAI_FAMILY;
     }},
    {"gethostbyname", [] { return ::gethostbyname("127.0.0.1") != nullptr; }},
    {"gethostbyname2", [] { return ::gethostbyname2("127.0.0.1", AF_INET) != nullptr; }},
    {"gethostbyaddr",
     [] {
       // The system knows no hosts of this family, and asks nobody.
       const char byte = 0;
       return ::gethostbyaddr(&byte, 1, AF_UNIX) == nullptr && h_errno == NETDB_INTERNAL;
     }},
    {"gethostbyname_r",
     [] {
       hostent entry{};
       hostent* found = nullptr;
       char buffer[512];
       int error = 0;
       return ::gethostbyname_r("127.0.0.1", &entry, buffer, sizeof buffer, &found, &error) == 0 &&
              found != nullptr;
     }},
};

const Probe wait_probes[] = {
    {"sleep", [] { return ::sleep(sim::RunningWorld::get() ? 1 : 0) == 0; }},
    {"usleep", [] { return ::usleep(1) == 0; }},
    {"nanosleep", [] { return ::nanosleep(&moment, nullptr) == 0; }},
    {"clock_nanosleep", [] { return ::clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr) == 0; }},
    {"thrd_sleep", [] { return ::thrd_sleep(&moment, nullptr) == 0; }},
    {"pause",
     [] {
       // Ended by the signal of a timer.
       struct sigaction ignoring{};
       struct sigaction before{};
       ignoring.sa_handler = [](int) {};
       ::sigaction(SIGALRM, &ignoring, &before);
       ::ualarm(1000, 1000);
       const bool interrupted = ::pause() < 0 && errno == EINTR;
       ::ualarm(0, 0);
       ::sigaction(SIGALRM, &before, nullptr);
       return interrupted;
     }},
    {"poll", [] { return ::poll(nullptr, 0, 1) == 0; }},
    {"poll",
     [] {
       pollfd none{-1, 0, 0};
       return ::__poll_chk(&none, 1, 1, sizeof none) == 0;
     }},
    {"ppoll", [] { return ::ppoll(nullptr, 0, &moment, nullptr) == 0; }},
    {"ppoll",
     [] {
       pollfd none{-1, 0, 0};
       return ::__ppoll_chk(&none, 1, &moment, nullptr, sizeof none) == 0;
     }},
    {"select",
     [] {
       timeval time{0, 1};
       return ::select(0, nullptr, nullptr, nullptr, &time) == 0;
     }},
    {"pselect", [] { return ::pselect(0, nullptr, nullptr, nullptr, &moment, nullptr) == 0; }},
    {"epoll_wait",
     [] {
       epoll_event event{};
       return ::epoll_wait(-1, &event, 1, 1) < 0 && errno == EBADF;
     }},
    {"epoll_pwait",
     [] {
       epoll_event event{};
       return ::epoll_pwait(-1, &event, 1, 1, nullptr) < 0 && errno == EBADF;
     }},
    {"epoll_pwait2",
     [] {
       epoll_event event{};
       return ::epoll_pwait2(-1, &event, 1, &moment, nullptr) < 0 && errno == EBADF;
     }},
    {"setitimer",
     [] {
       const itimerval far{{}, {1000, 0}};
       const itimerval never{};
       if (::setitimer(ITIMER_REAL, &far, nullptr) != 0) return false;
       return ::setitimer(ITIMER_REAL, &never, nullptr) == 0;
     }},
    {"timer_create",
     [] {
       sigevent silent{};
       silent.sigev_notify = SIGEV_NONE;
       timer_t timer{};
       if (::timer_create(CLOCK_MONOTONIC, &silent, &timer) != 0) return false;
       return ::timer_delete(timer) == 0;
     }},
    {"sem_wait",
     [] {
       // Posted beforehand where it is to pass.
       Semaphore here;
       if (!sim::RunningWorld::get()) ::sem_post(&here.semaphore);
       return ::sem_wait(&here.semaphore) == 0;
     }},
    {"sem_timedwait",
     [] {
       Semaphore here;
       const timespec deadline = soon(CLOCK_REALTIME);
       return ::sem_timedwait(&here.semaphore, &deadline) < 0 && errno == ETIMEDOUT;
     }},
    {"sem_clockwait",
     [] {
       Semaphore here;
       const timespec deadline = soon(CLOCK_MONOTONIC);
       return ::sem_clockwait(&here.semaphore, CLOCK_MONOTONIC, &deadline) < 0 && errno == ETIMEDOUT;
     }},
};

const Probe raw_probes[] = {
    PROBE_RAW(SYS_accept4, -1, 0, 0, 0),
    PROBE_RAW(SYS_bind, -1, 0, 0),
    PROBE_RAW(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &moment, 0),
    PROBE_RAW(SYS_clone, CLONE_THREAD, 0, 0, 0, 0),
    PROBE_RAW(SYS_clone3, 0, 0),
    PROBE_RAW(SYS_connect, -1, 0, 0),
    PROBE_RAW(SYS_epoll_create1, -1),
    {"syscall(SYS_fork)",
     [] {
       const long child = ::syscall(SYS_fork);
       if (child == 0) ::_exit(0);
       return child > 0 && ::waitpid(static_cast<pid_t>(child), nullptr, 0) == child;
     }},
    {"syscall(SYS_futex)",
     [] {
       const int value = 0;
       return ::syscall(SYS_futex, &value, FUTEX_WAIT_PRIVATE, 1, nullptr, nullptr, 0) < 0 && errno == EAGAIN;
     }},
    PROBE_RAW(SYS_listen, -1, 0),
    PROBE_RAW(SYS_nanosleep, &moment, 0),
    PROBE_RAW(SYS_recvfrom, -1, 0, 0, 0, 0, 0),
    PROBE_RAW(SYS_recvmmsg, -1, 0, 0, 0, 0),
    PROBE_RAW(SYS_recvmsg, -1, 0, 0),
    PROBE_RAW(SYS_sendmmsg, -1, 0, 0, 0),
    PROBE_RAW(SYS_sendmsg, -1, 0, 0),
    PROBE_RAW(SYS_sendto, -1, 0, 0, 0, 0, 0),
    PROBE_RAW(SYS_socket, -1, 0, 0),
    PROBE_RAW(SYS_socketpair, -1, 0, 0, 0),
    PROBE_RAW(SYS_timerfd_create, -1, 0),
};

void check(const Probe& probe) {
  CAPTURE(probe.call);
  bool passed = true;
  const auto report = simulate([&] { passed = probe.passes(); });
  CHECK_FALSE(passed);
  REQUIRE(report);
  CHECK(report->kind() == sim::FailureKind::fence);
  CHECK(report->host() == "probe");
  CHECK_THAT(report->message(),
             Catch::StartsWith(std::string(probe.call) + " was called under simulation: "));
  CHECK(probe.passes());
}

TEST_CASE("threads and processes are refused under simulation, and pass outside of it") {
  for (const Probe& probe : process_probes) check(probe);
}

TEST_CASE("real sockets and names are refused under simulation, and pass outside of it") {
  for (const Probe& probe : socket_probes) check(probe);
}

TEST_CASE("real waits are refused under simulation, and pass outside of it") {
  for (const Probe& probe : wait_probes) check(probe);
}

TEST_CASE("so are system calls by their numbers") {
  for (const Probe& probe : raw_probes) check(probe);
}

TEST_CASE("waiting for a condition ends at once under simulation, as if it were woken for no reason") {
  const auto report_of = [](auto wait) {
    const auto report = simulate([&] {
      Condition here;
      wait(here);
    });
    REQUIRE(report);
    CHECK(report->kind() == sim::FailureKind::fence);
    return report->message().substr(0, report->message().find(' '));
  };
  timespec past{};
  CHECK(report_of([](Condition& here) { CHECK(::pthread_cond_wait(&here.condition, &here.mutex) == 0); }) ==
        "pthread_cond_wait");
  CHECK(report_of([&](Condition& here) {
          CHECK(::pthread_cond_timedwait(&here.condition, &here.mutex, &past) == ETIMEDOUT);
        }) == "pthread_cond_timedwait");
  CHECK(report_of([&](Condition& here) {
          CHECK(::pthread_cond_clockwait(&here.condition, &here.mutex, CLOCK_MONOTONIC, &past) == ETIMEDOUT);
        }) == "pthread_cond_clockwait");
  CHECK(report_of([](Condition&) {
          ConditionOfC of_c;
          CHECK(::cnd_wait(&of_c.condition, &of_c.mutex) == thrd_success);
        }) == "cnd_wait");
  CHECK(report_of([&](Condition&) {
          ConditionOfC of_c;
          CHECK(::cnd_timedwait(&of_c.condition, &of_c.mutex, &past) == thrd_timedout);
        }) == "cnd_timedwait");
}

TEST_CASE("a semaphore that is free is taken, whoever asks") {
  const auto report = simulate([] {
    Semaphore here;
    const timespec past{};
    for (int i = 0; i < 3; ++i) ::sem_post(&here.semaphore);
    errno = 0;
    CHECK(::sem_wait(&here.semaphore) == 0);
    CHECK(::sem_timedwait(&here.semaphore, &past) == 0);
    CHECK(::sem_clockwait(&here.semaphore, CLOCK_MONOTONIC, &past) == 0);
    CHECK(errno == 0);
  });
  CHECK_FALSE(report);
}

TEST_CASE("outside of a simulation conditions wake threads, and time out") {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::thread other([&] {
    const std::lock_guard lock(mutex);
    ready = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ready; });
  other.join();
  CHECK(changed.wait_for(lock, std::chrono::microseconds(1)) == std::cv_status::timeout);
  CHECK(changed.wait_until(lock, std::chrono::system_clock::now()) == std::cv_status::timeout);
  ConditionOfC of_c;
  const timespec past{};
  CHECK(::cnd_timedwait(&of_c.condition, &of_c.mutex, &past) == thrd_timedout);
}

TEST_CASE("what the standard library offers is refused as well") {
  const auto call_in = [](auto function) {
    const auto report = simulate(function);
    REQUIRE(report);
    CHECK(report->kind() == sim::FailureKind::fence);
    return report->message().substr(0, report->message().find(' '));
  };
  CHECK(call_in([] { std::this_thread::sleep_for(std::chrono::microseconds(1)); }) == "nanosleep");
  CHECK(call_in([] { CHECK_THROWS_AS(std::thread([] {}), std::system_error); }) == "pthread_create");
  CHECK(call_in([] {
          std::promise<int> promise;
          CHECK(promise.get_future().wait_for(std::chrono::microseconds(1)) == std::future_status::timeout);
        }) == "syscall(SYS_futex)");
}

TEST_CASE("looking without waiting passes, and so does what only writes down numbers") {
  const auto report = simulate([] {
    CHECK(::poll(nullptr, 0, 0) == 0);
    timeval none{};
    CHECK(::select(0, nullptr, nullptr, nullptr, &none) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char host[16] = {};
    CHECK(::getnameinfo(reinterpret_cast<const sockaddr*>(&address), sizeof address, host, sizeof host,
                        nullptr, 0, NI_NUMERICHOST) == 0);
    CHECK(std::string(host) == "127.0.0.1");
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    CHECK(::getaddrinfo("127.0.0.1", "80", &hints, &found) == 0);
    ::freeaddrinfo(found);
    CHECK(::syscall(SYS_getpid) == ::getpid());
    Semaphore free;
    ::sem_post(&free.semaphore);
    CHECK(::sem_wait(&free.semaphore) == 0);
    const itimerval never{};
    CHECK(::setitimer(ITIMER_REAL, &never, nullptr) == 0);
  });
  CHECK_FALSE(report);
}

}  // namespace
}  // namespace twinwire::fence
