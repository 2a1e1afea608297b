#include <twinwire/real/child_process.hpp>
#include <twinwire/real/pipe_wire.hpp>
#include <twinwire/real/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace twinwire::real {
namespace {

/// As asyncio: of a child that somebody else has reaped nothing is known.
constexpr int unknown_returncode = 255;

int returncode_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

}  // namespace

ChildProcess::ChildProcess(PollerRef poller, SubprocessOptions options)
    : WatchedDescriptor(std::move(poller), Descriptor(), EPOLLIN), options_(std::move(options)) {}

ChildProcess::~ChildProcess() {
  close();
}

error_code ChildProcess::start() {
  error_code error;
  pid_ = spawn(std::exchange(options_, {}), pipes_, error);
  if (pid_ < 0) return error;
  // As a bare system call: the header of glibc 2.36 declares the function for C alone.
  descriptor_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!descriptor_) {
    error = last_error();
    close();
  }
  return error;
}

std::unique_ptr<Wire> ChildProcess::take_pipe(int number) {
  Descriptor pipe = std::move(pipes_[static_cast<std::size_t>(number)]);
  if (!pipe) return nullptr;
  return std::make_unique<PipeWire>(poller_, std::move(pipe),
                                    number == 0 ? Direction::send : Direction::receive);
}

void ChildProcess::on_events(std::uint32_t) {
  if (!reap(false)) return;
  WireSink* const sink = sink_;
  stop_watching();
  descriptor_.close();
  if (sink) sink->on_hang_up();
}

/// True if the child has ended, now or before.
bool ChildProcess::reap(bool wait) noexcept {
  if (returncode_ || pid_ < 0) return true;
  siginfo_t info{};
  int result = 0;
  do {
    result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | (wait ? 0 : WNOHANG));
  } while (result < 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) return false;
  returncode_ = result == 0 ? returncode_of(info) : unknown_returncode;
  return true;
}

error_code ChildProcess::send_signal(int number) {
  if (returncode_) return make_error(errc::no_such_process);
  // Not reaped yet, so the number is still the child's.
  return ::kill(pid_, number) < 0 ? last_error() : error_code{};
}

void ChildProcess::close() {
  for (Descriptor& pipe : pipes_) pipe.close();
  // A child that was killed ends at once, unless it is in the middle of a call that the system cannot
  // interrupt.
  if (!reap(false) && ::kill(pid_, SIGKILL) == 0) reap(true);
  stop_watching();
  descriptor_.close();
}

}  // namespace twinwire::real
