// A child that is started and reaped: what that takes, beside posix_spawn with the same pipes.
//
//   spawning [--children N] [--pairs N]
//
// The child is /bin/true; a slice starts its children one after the other. The time is that of the clock, as
// the parent waits most of it for the kernel and the child.
#include "options.hpp"
#include "pairs.hpp"

#include <twinwire/net/subprocess.hpp>
#include <twinwire/real/event_loop.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace twinwire;

constexpr const char* child = "/bin/true";

class Child final : public SubprocessProtocol {
 public:
  explicit Child(Loop& loop) : loop_(loop) {}
  void connection_lost(error_code) override { loop_.stop(); }

 private:
  Loop& loop_;
};

void run_twinwire(Loop& loop) {
  loop.subprocess_exec([&] { return std::make_shared<Child>(loop); }, SubprocessOptions(child, {}),
                       [](const std::exception_ptr& failure, const Subprocess&) {
                         if (failure) std::rethrow_exception(failure);
                       });
  loop.run_forever();
}

void check(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

/// What the library does for each child, by hand: three pipes, default signals and an empty mask, reads to
/// the ends of stdout and stderr, and the exit status.
void run_bare() {
  int pipes[3][2];
  for (auto& ends : pipes) check(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0);
  posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  pid_t pid = 0;
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  check(::posix_spawn(&pid, child, &actions, &attributes, arguments, environ) == 0, "no child");
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipes[0][0]);
  ::close(pipes[1][1]);
  ::close(pipes[2][1]);
  char byte = 0;
  for (const int stream : {1, 2}) {
    pollfd end{pipes[stream][0], POLLIN, 0};
    ::poll(&end, 1, -1);
    check(::read(pipes[stream][0], &byte, 1) == 0, "no end of the stream");
    ::close(pipes[stream][0]);
  }
  int status = 0;
  check(::waitpid(pid, &status, 0) == pid && status == 0, "the child did not end well");
  ::close(pipes[0][1]);
}

template <class Run>
double slice(long long children, Run run) {
  const auto begin = std::chrono::steady_clock::now();
  for (long long i = 0; i < children; ++i) run();
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(children);
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::Options options(argc, argv, {"--children", "--pairs"});
  const long long children = options.number("--children", 200, 1, 100'000);
  const std::unique_ptr<Loop> loop = real::new_event_loop();
  bench::compare_in_pairs("a child that is started and reaped, " + std::to_string(children) + " in a slice",
                          "time per child", options.number("--pairs", 7, 1, 1000),
                          {"twinwire", [&] { return slice(children, [&] { run_twinwire(*loop); }); }},
                          {"bare", [&] { return slice(children, run_bare); }});
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "spawning: %s\n", error.what());
  return 1;
}
