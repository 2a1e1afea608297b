#include "child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace twinwire::differential {
namespace {

constexpr std::size_t write_size = 64UL * 1024;
/// For what the system refuses that it should not.
constexpr int defect_status = 99;

class RealChild {
 public:
  explicit RealChild(const std::string& path) : orders_(connect_to(path)) {
    for (const int number : {0, 1, 2}) ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
    tell("ready\n");
  }

  [[noreturn]] void run() {
    while (true) {
      if (exit_status_ && !outputs_[0].pending() && !outputs_[1].pending()) ::_exit(*exit_status_);
      std::array<pollfd, 5> watched{{{orders_, POLLIN, 0},
                                     {signals_, POLLIN, 0},
                                     {reads_stdin_ && !paused_ ? 0 : -1, POLLIN, 0},
                                     {outputs_[0].pending() ? 1 : -1, POLLOUT, 0},
                                     {outputs_[1].pending() ? 2 : -1, POLLOUT, 0}}};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) ::_exit(defect_status);
      // What it is told comes first: it may be to read no more.
      if (watched[0].revents != 0) {
        take_orders();
      } else if (watched[1].revents != 0) {
        take_signal();
      } else {
        if (watched[2].revents != 0) read_stdin();
        if (watched[3].revents != 0) flush(outputs_[0]);
        if (watched[4].revents != 0) flush(outputs_[1]);
      }
    }
  }

 private:
  struct Output {
    int descriptor = -1;
    std::uint64_t written = 0;
    std::uint64_t taken = 0;  ///< of it, by the pipe
    bool closed = false;

    bool pending() const noexcept { return taken != written; }
  };

  static int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (path.starts_with('@')) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), size) < 0) ::_exit(defect_status);
    return descriptor;
  }

  void tell(const std::string& line) const {
    static_cast<void>(::send(orders_, line.data(), line.size(), MSG_NOSIGNAL));
  }

  void take_orders() {
    std::array<char, read_size> buffer{};
    const ssize_t count = ::read(orders_, buffer.data(), buffer.size());
    if (count <= 0) ::_exit(0);
    text_.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = text_.find('\n'); end != std::string::npos && !exit_status_;
         end = text_.find('\n')) {
      const Step step = parse_step(std::string_view(text_).substr(0, end));
      text_.erase(0, end + 1);
      perform(step);
      if (!exit_status_) tell("done\n");
    }
  }

  void perform(const Step& step) {
    switch (step.action) {
      case Action::write:
        return write(outputs_[0], step.size);
      case Action::write_stderr:
        return write(outputs_[1], step.size);
      case Action::pause:
        paused_ = true;
        return;
      case Action::resume:
        paused_ = false;
        return;
      case Action::catch_signals:
        return catch_signals();
      case Action::close_stdin:
        if (std::exchange(stdin_closed_, true)) return;
        reads_stdin_ = false;
        ::close(0);
        return;
      case Action::close_stdout:
        return close(outputs_[0]);
      case Action::close_stderr:
        return close(outputs_[1]);
      case Action::exit:
        reads_stdin_ = false;
        ::close(orders_);
        orders_ = -1;
        exit_status_ = static_cast<int>(step.size & 0xffU);
        return;
      default:
        return;
    }
  }

  // --- signals ---

  void catch_signals() {
    sigset_t caught;
    ::sigemptyset(&caught);
    ::sigaddset(&caught, SIGTERM);
    ::sigaddset(&caught, SIGINT);
    ::sigprocmask(SIG_BLOCK, &caught, nullptr);
    if (signals_ < 0) signals_ = ::signalfd(-1, &caught, SFD_CLOEXEC);
  }

  void take_signal() const {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      tell("signal " + std::to_string(info.ssi_signo) + "\n");
    }
  }

  // --- streams ---

  void read_stdin() {
    std::array<std::byte, read_size> buffer{};
    const ssize_t count = ::read(0, buffer.data(), buffer.size());
    if (count < 0) return;
    if (count == 0) reads_stdin_ = false;
    tell(report_of(read_, Bytes(buffer).first(static_cast<std::size_t>(count))));
  }

  static void write(Output& output, std::size_t size) {
    if (output.closed || size == 0) return;
    output.written += size;
    flush(output);
  }

  /// A broken pipe ends this process: nobody catches SIGPIPE.
  static void flush(Output& output) {
    while (output.pending()) {
      const std::size_t size = std::min<std::uint64_t>(output.written - output.taken, write_size);
      const ssize_t count = ::write(output.descriptor, bytes_of(1, output.taken, size).data(), size);
      if (count < 0) return;
      output.taken += static_cast<std::uint64_t>(count);
    }
    if (output.closed) ::close(output.descriptor);
  }

  static void close(Output& output) {
    if (std::exchange(output.closed, true)) return;
    if (!output.pending()) ::close(output.descriptor);
  }

  int orders_;
  int signals_ = -1;
  std::string text_;
  std::optional<int> exit_status_;
  std::array<Output, 2> outputs_{{{.descriptor = 1}, {.descriptor = 2}}};
  bool reads_stdin_ = true;
  bool stdin_closed_ = false;
  bool paused_ = false;
  std::uint64_t read_ = 0;
};

}  // namespace

void run_real_child(const std::string& path) {
  RealChild(path).run();
}

}  // namespace twinwire::differential
