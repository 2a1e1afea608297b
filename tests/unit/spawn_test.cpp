// What the real backend owes the child processes that it starts, and the process that starts them.
#include "loops.hpp"
#include "temporary_directory.hpp"

#include <twinwire/net/subprocess.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

struct SpawnWatcher final : SubprocessProtocol {
  explicit SpawnWatcher(Loop& loop) : loop(loop) {}
  void connection_made(SubprocessTransport made) override { transport = std::move(made); }
  void pipe_data_received(int fd, Bytes data) override {
    output.at(static_cast<std::size_t>(fd)) += as_text(data);
  }
  void connection_lost(error_code) override { loop.stop(); }

  Loop& loop;
  SubprocessTransport transport;
  std::array<std::string, 3> output;
};

/// Runs a child to its end.
std::shared_ptr<SpawnWatcher> run(Loop& loop, SubprocessOptions options) {
  auto child = std::make_shared<SpawnWatcher>(loop);
  std::exception_ptr failure;
  loop.subprocess_exec([child] { return child; }, std::move(options),
                       [&](std::exception_ptr ended, Subprocess) {
                         failure = std::move(ended);
                         if (failure) loop.stop();
                       });
  loop.run_forever();
  if (failure) std::rethrow_exception(failure);
  return child;
}

std::shared_ptr<SpawnWatcher> shell(Loop& loop, const std::string& command) {
  return run(loop, {"/bin/sh", {"-c", command}});
}

TEST_CASE("a child has a session of its own if it is asked for") {
  RealLoop here;
  const auto session_of = [&](bool own) {
    // Behind the name, which may have blanks in it: state, parent, group, session.
    SubprocessOptions options("sh", {"-c", "cut -d ' ' -f 6 /proc/$$/stat"});
    options.start_new_session = own;
    const auto child = run(here.loop, options);
    return std::pair(std::stoi(child->output[1]), child->transport.get_pid());
  };
  CHECK(session_of(false).first == ::getsid(0));
  const auto [session, pid] = session_of(true);
  CHECK(session == pid);
}

TEST_CASE("a child has default signals and an empty mask, whatever its parent has") {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGUSR2, &ignore, &before) == 0);
  sigset_t blocked;
  sigset_t mask;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &mask) == 0);
  {
    RealLoop here;
    const std::string status = run(here.loop, {"cat", {"/proc/self/status"}})->output[1];
    const auto mask_of = [&](const std::string& name) {
      return std::stoull(status.substr(status.find(name + ":\t") + name.size() + 2), nullptr, 16);
    };
    // The two signals that the C library keeps for itself: 32 and 33.
    constexpr unsigned long long internal = 0x180000000;
    CHECK(mask_of("SigBlk") == 0);
    CHECK((mask_of("SigIgn") & ~internal) == 0);
  }
  REQUIRE(::pthread_sigmask(SIG_SETMASK, &mask, nullptr) == 0);
  REQUIRE(::sigaction(SIGUSR2, &before, nullptr) == 0);
}

TEST_CASE("a child has no descriptors but its standard streams") {
  const int leaky = ::open("/dev/null", O_RDONLY);  // which is not close-on-exec
  REQUIRE(leaky >= 0);
  RealLoop here;
  // The fourth is that of the folder which ls reads.
  CHECK(run(here.loop, {"ls", {"/proc/self/fd"}})->output[1] == "0\n1\n2\n3\n");
  ::close(leaky);
}

TEST_CASE("a child reads and writes blocking pipes") {
  RealLoop here;
  const auto child = shell(here.loop, "cat /proc/self/fdinfo/1 | grep flags");
  CHECK((std::stoul(child->output[1].substr(child->output[1].find('\t')), nullptr, 8) & O_NONBLOCK) == 0);
}

TEST_CASE("children do not change how the process handles signals") {
  struct sigaction before{};
  struct sigaction after{};
  sigset_t mask_before;
  sigset_t mask_after;
  ::sigaction(SIGCHLD, nullptr, &before);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  RealLoop here;
  shell(here.loop, "exit 1");
  ::sigaction(SIGCHLD, nullptr, &after);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  CHECK(before.sa_handler == after.sa_handler);
  CHECK(::sigismember(&mask_before, SIGPIPE) == ::sigismember(&mask_after, SIGPIPE));
}

TEST_CASE("a SIGPIPE that was pending before a write to a broken pipe is still pending") {
  RealLoop here;
  sigset_t sigpipe;
  sigset_t mask;
  ::sigemptyset(&sigpipe);
  ::sigaddset(&sigpipe, SIGPIPE);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &sigpipe, &mask) == 0);
  ::raise(SIGPIPE);
  const PipeEnds ends = here.loop.make_pipe();
  here.loop.close_handle(ends.reading);
  error_code error;
  const auto wire = here.loop.backend().adopt_pipe(ends.writing, Direction::send, error);
  const Bytes bytes = as_bytes("x");
  CHECK(wire->write_some({&bytes, 1}).error == errc::broken_pipe);
  sigset_t pending;
  ::sigpending(&pending);
  CHECK(::sigismember(&pending, SIGPIPE) == 1);
  int number = 0;
  CHECK(::sigwait(&sigpipe, &number) == 0);  // takes it back
  // With the signal blocked but not pending, the write leaves none behind.
  CHECK(wire->write_some({&bytes, 1}).error == errc::broken_pipe);
  ::sigpending(&pending);
  CHECK(::sigismember(&pending, SIGPIPE) == 0);
  REQUIRE(::pthread_sigmask(SIG_SETMASK, &mask, nullptr) == 0);
}

TEST_CASE("a program is looked for in the PATH of the child's environment") {
  std::string folder = (std::filesystem::temp_directory_path() / "twinwire-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::filesystem::path program = std::filesystem::path(folder) / "greeter";
  std::ofstream(program) << "#!/bin/sh\necho greetings\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  RealLoop here;
  SubprocessOptions options("greeter", {});
  CHECK_THROWS_AS(run(here.loop, options), OperationError);
  options.env = Environment{{"PATH", "/nowhere:" + folder}};
  CHECK(run(here.loop, options)->output[1] == "greetings\n");
  // A relative path counts from the child's folder.
  SubprocessOptions relative("./greeter", {});
  relative.cwd = folder;
  CHECK(run(here.loop, relative)->output[1] == "greetings\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_read);
  try {
    run(here.loop, options);
    FAIL("a program that is not executable was run");
  } catch (const OperationError& error) {
    CHECK(error.code() == errc::permission_denied);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("the streams of a child may be those of its parent in another order") {
  RealLoop here;
  SubprocessOptions options("/bin/sh", {"-c", "echo to stderr; echo to stdout >&2"});
  const PipeEnds pipe = here.loop.make_pipe();
  options.stdout_stream = Redirect::handle(pipe.writing);
  options.stderr_stream = Redirect::pipe();
  const auto child = run(here.loop, options);
  CHECK(child->output[2] == "to stdout\n");
  std::array<char, 64> space{};
  const auto count = ::read(pipe.reading.value, space.data(), space.size());
  CHECK(std::string(space.data(), static_cast<std::size_t>(count)) == "to stderr\n");
  here.loop.close_handle(pipe.reading);
  here.loop.close_handle(pipe.writing);
}

TEST_CASE("a child that somebody else has reaped ends with 255") {
  RealLoop here;
  auto child = std::make_shared<SpawnWatcher>(here.loop);
  here.loop.subprocess_exec([child] { return child; }, {"sleep", {"60"}},
                            [&](std::exception_ptr, Subprocess) {
                              const int pid = child->transport.get_pid();
                              ::kill(pid, SIGKILL);
                              ::waitpid(pid, nullptr, 0);
                            });
  here.loop.run_forever();
  CHECK(child->transport.get_returncode() == 255);
}

TEST_CASE("a process that ignores SIGCHLD learns that its children have ended, but not how") {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGCHLD, &ignore, &before) == 0);
  {
    RealLoop here;
    for (int round = 0; round < 20; ++round) {
      // Some of them have ended before there is a descriptor for them.
      CHECK(shell(here.loop, "exit 3")->transport.get_returncode() == 255);
    }
    SubprocessOptions options("sleep", {"60"});
    const auto child = std::make_shared<SpawnWatcher>(here.loop);
    here.loop.subprocess_exec([child] { return child; }, std::move(options),
                              [&](std::exception_ptr, Subprocess) { child->transport.kill(); });
    here.loop.run_forever();
    CHECK(child->transport.get_returncode() == 255);
    CHECK_THROWS_AS(child->transport.kill(), OperationError);
  }
  REQUIRE(::sigaction(SIGCHLD, &before, nullptr) == 0);
}

/// A process that waits for its input to end and then exits with 7, with this number if the system lets us
/// choose it. -1: it has another one, or there is none.
pid_t fork_as(pid_t number, const PipeEnds& pipe) {
  std::ofstream("/proc/sys/kernel/ns_last_pid") << number - 1 << std::flush;
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(pipe.writing.value);
    char byte = 0;
    ::_exit(::read(pipe.reading.value, &byte, 1) == 0 ? 7 : 8);
  }
  if (process == number || process < 0) return process;
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  return -1;
}

TEST_CASE("a signal for a child that somebody else has reaped reaches nobody who has its number now") {
  RealLoop here;
  auto child = std::make_shared<SpawnWatcher>(here.loop);
  const PipeEnds pipe = here.loop.make_pipe();
  pid_t stranger = -1;
  here.loop.subprocess_exec([child] { return child; }, {"sleep", {"60"}},
                            [&](std::exception_ptr, Subprocess) {
                              const int pid = child->transport.get_pid();
                              ::kill(pid, SIGKILL);
                              ::waitpid(pid, nullptr, 0);
                              stranger = fork_as(pid, pipe);
                              CHECK_THROWS_AS(child->transport.kill(), OperationError);
                            });
  here.loop.run_forever();
  here.loop.close_handle(pipe.writing);
  here.loop.close_handle(pipe.reading);
  int status = 0;
  if (stranger < 0) return;  // only root may choose, and somebody may have been faster
  REQUIRE(::waitpid(stranger, &status, 0) == stranger);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
}

/// In a process of its own, which gives up the right to kill its child. By the fifo the child is told to end,
/// which is not to happen before it was given up. 0: all was well.
int lose_a_child(const std::string& path) {
  RealLoop here;
  if (::mkfifo(path.c_str(), S_IRWXU) != 0) return 3;
  const int fifo = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  const auto child = std::make_shared<SpawnWatcher>(here.loop);
  here.loop.subprocess_exec([child] { return child; }, {"sh", {"-c", "read line < " + path}},
                            [&](std::exception_ptr, Subprocess) {
                              constexpr uid_t nobody = 65534;
                              CHECK(::setresuid(nobody, nobody, nobody) == 0);
                              child->transport.abort();
                            });
  here.loop.run_forever();
  if (::write(fifo, "\n", 1) != 1) return 4;
  const auto pid = static_cast<id_t>(child->transport.get_pid());
  siginfo_t info{};
  if (::waitid(P_PID, pid, &info, WEXITED | WNOWAIT) != 0 || info.si_code != CLD_EXITED) return 5;
  run(here.loop, {"true", {}});
  return ::waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD ? 0 : 6;
}

TEST_CASE("a child that may not be killed is reaped when it has ended and the next one starts") {
  if (::geteuid() != 0) return;  // whoever may not become somebody else
  const unit::TemporaryDirectory directory;
  const pid_t process = ::fork();
  REQUIRE(process >= 0);
  if (process == 0) {
    int result = 1;
    try {
      result = lose_a_child((directory.path() / "fifo").string());
    } catch (...) {
      result = 2;
    }
    ::_exit(result);
  }
  int status = -1;
  REQUIRE(::waitpid(process, &status, 0) == process);
  CHECK(status == 0);
}

}  // namespace
}  // namespace twinwire
