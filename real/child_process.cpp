#include <twinwire/real/child_process.hpp>
#include <twinwire/real/pipe_wire.hpp>
#include <twinwire/real/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace twinwire::real {
namespace {

/// As asyncio: of a child that somebody else has reaped nothing is known.
constexpr int unknown_returncode = 255;

int returncode_of(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

// As bare system calls: the header of glibc 2.36 declares the functions for C alone.
int open_pidfd(int pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

int signal_pidfd(const Descriptor& child, int number) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, child.get(), number, nullptr, 0));
}

/// As waitid(2): `info.si_pid` stays 0 for one that runs on.
int wait_for(idtype_t type, int id, siginfo_t& info, int flags) {
  int result = 0;
  do {
    result = ::waitid(type, static_cast<id_t>(id), &info, WEXITED | flags);
  } while (result < 0 && errno == EINTR);
  return result;
}

/// Ends a child for which there is no pidfd. It was started a moment ago, so that the number, if it is that
/// of a child at all, is still its own.
void end_by_number(int pid) {
  siginfo_t info{};
  if (wait_for(P_PID, pid, info, WNOHANG | WNOWAIT) == 0 && ::kill(pid, SIGKILL) == 0) {
    wait_for(P_PID, pid, info, 0);
  }
}

/// Children that nobody waits for any more, and that could not be killed: they have changed their user. Those
/// that have ended are reaped when the next child is started, so that no more are left than there once ran at
/// a time. Any thread.
class Unkillable {
 public:
  void add(Descriptor child) {
    const std::lock_guard lock(mutex_);
    children_.push_back(std::move(child));
  }
  void reap() {
    const std::lock_guard lock(mutex_);
    std::erase_if(children_, [](const Descriptor& child) {
      siginfo_t info{};
      return wait_for(P_PIDFD, child.get(), info, WNOHANG) < 0 || info.si_pid != 0;
    });
  }

 private:
  std::mutex mutex_;
  std::vector<Descriptor> children_;
};

Unkillable& unkillable() {
  static Unkillable all;
  return all;
}

}  // namespace

ChildProcess::ChildProcess(PollerRef poller, SubprocessOptions options)
    : WatchedDescriptor(std::move(poller), Descriptor(), EPOLLIN), options_(std::move(options)) {}

ChildProcess::~ChildProcess() {
  close();
}

error_code ChildProcess::start() {
  unkillable().reap();
  error_code error;
  pid_ = spawn(std::exchange(options_, {}), pipes_, error);
  if (pid_ < 0) return error;
  descriptor_ = Descriptor(open_pidfd(pid_));
  if (!descriptor_) {
    error = last_error();
    returncode_ = unknown_returncode;
    if (error == errc::no_such_process) {
      // Where SIGCHLD is ignored, a child that has ended is gone. This is readable at once, as its pidfd is.
      descriptor_ = Descriptor(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      error = descriptor_ ? error_code{} : last_error();
    } else {
      end_by_number(pid_);
    }
  }
  // Not when there is a sink: a refusal could be told to nobody then.
  if (!error.failed()) error = poller_->add(*this, descriptor_.get(), EPOLLIN);
  if (error.failed()) close();
  return error;
}

std::unique_ptr<Wire> ChildProcess::take_pipe(int number) {
  Descriptor pipe = std::move(pipes_[static_cast<std::size_t>(number)]);
  if (!pipe) return nullptr;
  return std::make_unique<PipeWire>(poller_, std::move(pipe),
                                    number == 0 ? Direction::send : Direction::receive);
}

void ChildProcess::on_events(std::uint32_t) {
  if (!sink_ || !reap(false)) return;  // without a sink: reported again to the first one
  WireSink* const sink = sink_;
  stop_watching();
  descriptor_.close();
  if (sink) sink->on_hang_up();
}

/// True if the child has ended, now or before.
bool ChildProcess::reap(bool wait) noexcept {
  if (returncode_ || pid_ < 0) return true;
  siginfo_t info{};
  const int result = wait_for(P_PIDFD, descriptor_.get(), info, wait ? 0 : WNOHANG);
  if (result == 0 && info.si_pid == 0) return false;
  returncode_ = result == 0 ? returncode_of(info) : unknown_returncode;
  return true;
}

error_code ChildProcess::send_signal(int number) {
  if (returncode_ || !descriptor_) return make_error(errc::no_such_process);
  return signal_pidfd(descriptor_, number) < 0 ? last_error() : error_code{};
}

void ChildProcess::close() {
  for (Descriptor& pipe : pipes_) pipe.close();
  if (descriptor_ && !reap(false)) {
    // A child that was killed ends at once, unless it is in the middle of a call that the system cannot
    // interrupt. One that may not be killed lives on, and is not waited for.
    if (signal_pidfd(descriptor_, SIGKILL) == 0) {
      reap(true);
    } else {
      unkillable().add(Descriptor(give_away().value));
    }
  }
  stop_watching();
  descriptor_.close();
}

}  // namespace twinwire::real
