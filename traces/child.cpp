#include <twinwire/traces/child.hpp>
#include <twinwire/traces/text_record.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TWINWIRE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TWINWIRE_SANITIZED 1
#endif
#endif
#ifdef TWINWIRE_SANITIZED
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif

namespace twinwire::traces {
namespace {

constexpr int hang_signal = SIGUSR1;
constexpr int crash_exit_code = 3;

void write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the parent is gone: there is nobody to tell
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// --- in the child ---

int report_fd = -1;

/// Last words. This is not safe in a signal handler by the book, but the process is lost anyway, and the
/// parent copes with a child that says nothing.
void last_words(const char* kind, const char* type) {
  const int fd = std::exchange(report_fd, -1);
  if (fd < 0) return;
  write_all(fd, encode(interrupted_outcome(kind, type)));
}

void on_fatal_signal(int number) {
  ::alarm(2);  // should the last words hang
  if (number == hang_signal) {
    last_words("hang", "no end in sight");
  } else {
    last_words("crash", ::strsignal(number));
  }
  ::_exit(crash_exit_code);
}

void serve_seeds(int commands, int reports, const Child::RunSeed& run) {
  std::string buffered;
  std::array<char, 256> chunk;
  while (true) {
    const ssize_t count = ::read(commands, chunk.data(), chunk.size());
    if (count <= 0) return;
    buffered.append(chunk.data(), static_cast<std::size_t>(count));
    for (std::size_t end = buffered.find('\n'); end != std::string::npos; end = buffered.find('\n')) {
      const std::vector<std::string> words = split_words(std::string_view(buffered).substr(0, end));
      buffered.erase(0, end + 1);
      const std::uint64_t last = parse_number(words.at(1));
      for (std::uint64_t seed = parse_number(words.at(0)); seed <= last; ++seed) {
        write_all(reports, fmt::format("start {}\n", seed));
        write_all(reports, encode(run(seed)));
        if (seed == last) break;  // the largest number has no successor
      }
      write_all(reports, "idle\n");
    }
  }
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  return fds;
}

}  // namespace

void report_fatal_signals(int descriptor) {
  report_fd = descriptor;
  static std::array<char, 64 * 1024> stack;
  const stack_t alternate{stack.data(), 0, stack.size()};
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK;
  for (const int number : {SIGABRT, hang_signal}) ::sigaction(number, &action, nullptr);
#ifdef TWINWIRE_SANITIZED
  // The sanitizer prints its own report for the others, and then calls this.
  __sanitizer_set_death_callback([] { last_words("crash", "sanitizer report"); });
#else
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(number, &action, nullptr);
#endif
  // Ctrl-C ends the parent, which ends its children.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
}

// --- messages ---

std::string encode(const RunOutcome& outcome) {
  std::string text;
  const auto line = [&](const std::vector<std::string>& words) { text += join_words(words) + "\n"; };
  if (outcome.failed) {
    const FailureSignature& s = outcome.signature;
    line({"failure", s.kind, s.host, s.type, s.message, outcome.message});
  }
  for (const Decision& d : outcome.decisions) {
    line({"decision", d.address.entity, d.address.purpose, std::to_string(d.address.ordinal),
          std::to_string(d.outcome), d.sentence});
  }
  for (const DecisionAddress& address : outcome.unreached) {
    line({"unreached", address.entity, address.purpose, std::to_string(address.ordinal)});
  }
  text += fmt::format("end {} {} {} {}\n", outcome.seed, to_hex(outcome.fingerprint), outcome.events,
                      outcome.virtual_time.count());
  return text;
}

void write_outcome(int descriptor, const RunOutcome& outcome) {
  write_all(descriptor, encode(outcome));
}

namespace {

/// Adds a line to the outcome that is being received; true if it was the last one.
bool decode_line(const std::vector<std::string>& words, RunOutcome& outcome) {
  const std::string& key = words.at(0);
  if (key == "failure") {
    outcome.failed = true;
    outcome.signature = {words.at(1), words.at(2), words.at(3), words.at(4)};
    outcome.message = words.at(5);
  } else if (key == "decision") {
    outcome.decisions.push_back(
        {{words.at(1), words.at(2), parse_number(words.at(3))}, parse_number(words.at(4)), words.at(5)});
  } else if (key == "unreached") {
    outcome.unreached.push_back({words.at(1), words.at(2), parse_number(words.at(3))});
  } else if (key == "end") {
    outcome.seed = parse_number(words.at(1));
    outcome.fingerprint = parse_number(words.at(2), 16);
    outcome.events = parse_number(words.at(3));
    outcome.virtual_time = Duration(static_cast<std::int64_t>(parse_number(words.at(4))));
    return true;
  }
  return false;
}

}  // namespace

// --- the parent's end ---

Child Child::fork_worker(const RunSeed& run) {
  const auto [commands_read, commands_write] = make_pipe();
  const auto [reports_read, reports_write] = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    ::close(commands_write);
    ::close(reports_read);
    report_fatal_signals(reports_write);
    serve_seeds(commands_read, reports_write, run);
    ::_exit(0);
  }
  ::close(commands_read);
  ::close(reports_write);
  return {pid, reports_read, commands_write};
}

Child Child::fork_single(const std::function<RunOutcome()>& run) {
  const auto [reports_read, reports_write] = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    ::close(reports_read);
    report_fatal_signals(reports_write);
    write_all(reports_write, encode(run()));
    ::_exit(0);
  }
  ::close(reports_write);
  return {pid, reports_read, -1};
}

Child Child::execute(const std::vector<std::string>& arguments) {
  const auto [reports_read, reports_write] = make_pipe();
  std::vector<std::string> words = arguments;
  for (std::string& word : words) {
    if (word == "{fd}") word = std::to_string(reports_write);
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("fork");
  if (pid == 0) {
    ::fcntl(reports_write, F_SETFD, 0);  // the one descriptor that it is to have
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(reports_write);
  return {pid, reports_read, -1};
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      read_fd_(std::exchange(other.read_fd_, -1)),
      write_fd_(std::exchange(other.write_fd_, -1)),
      buffered_(std::move(other.buffered_)),
      partial_(std::move(other.partial_)),
      status_(std::move(other.status_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(read_fd_, other.read_fd_);
  std::swap(write_fd_, other.write_fd_);
  std::swap(buffered_, other.buffered_);
  std::swap(partial_, other.partial_);
  std::swap(status_, other.status_);
  return *this;
}

Child::~Child() {
  kill();
  if (read_fd_ >= 0) ::close(read_fd_);
  if (write_fd_ >= 0) ::close(write_fd_);
  wait_status();
}

void Child::assign(std::uint64_t first, std::uint64_t last) {
  write_all(write_fd_, fmt::format("{} {}\n", first, last));
}

std::vector<ChildMessage> Child::receive() {
  std::vector<ChildMessage> messages;
  std::array<char, 16 * 1024> chunk;
  const ssize_t count = ::read(read_fd_, chunk.data(), chunk.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return messages;
  if (count <= 0) {
    messages.emplace_back();
    return messages;
  }
  buffered_.append(chunk.data(), static_cast<std::size_t>(count));
  std::size_t begin = 0;
  for (std::size_t end = buffered_.find('\n'); end != std::string::npos; end = buffered_.find('\n', begin)) {
    const std::vector<std::string> words =
        split_words(std::string_view(buffered_).substr(begin, end - begin));
    begin = end + 1;
    if (words.empty()) continue;
    if (words[0] == "start") {
      messages.push_back({ChildMessage::Kind::started, parse_number(words.at(1)), {}});
    } else if (words[0] == "idle") {
      messages.push_back({ChildMessage::Kind::idle, 0, {}});
    } else if (decode_line(words, partial_)) {
      messages.push_back({ChildMessage::Kind::outcome, partial_.seed, std::exchange(partial_, {})});
    }
  }
  buffered_.erase(0, begin);
  return messages;
}

void Child::interrupt() const noexcept {
  if (pid_ > 0) ::kill(pid_, hang_signal);
}

void Child::kill() noexcept {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string Child::wait_status() {
  if (pid_ <= 0) return status_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    status_ = fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  } else {
    status_ = fmt::format("exit status {}", WEXITSTATUS(status));
  }
  return status_;
}

RunOutcome silent_end(std::uint64_t seed, const std::string& how) {
  RunOutcome outcome;
  outcome.seed = seed;
  outcome.failed = true;
  outcome.signature = {"crash", {}, how, "the process ended without a word"};
  outcome.message = outcome.signature.in_words();
  return outcome;
}

RunOutcome run_in_child(Child child, std::uint64_t seed, std::chrono::milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point deadline = Clock::now() + timeout;
  bool interrupted = false;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= std::chrono::milliseconds::zero()) {
      if (interrupted) {
        child.kill();
        child.wait_status();
        RunOutcome outcome = silent_end(seed, "no end in sight");
        outcome.signature.kind = "hang";
        return outcome;
      }
      interrupted = true;
      child.interrupt();
      deadline = Clock::now() + std::chrono::seconds(5);
      continue;
    }
    pollfd ready{child.descriptor(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    for (ChildMessage& message : child.receive()) {
      if (message.kind == ChildMessage::Kind::outcome) return std::move(message.outcome);
      if (message.kind == ChildMessage::Kind::gone) return silent_end(seed, child.wait_status());
    }
  }
}

}  // namespace twinwire::traces
