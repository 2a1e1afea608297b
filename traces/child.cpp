#include <twinwire/traces/child.hpp>
#include <twinwire/traces/child_side.hpp>
#include <twinwire/traces/interruption.hpp>
#include <twinwire/traces/outcome_record.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

/// What a program may take from its start to that of its run.
constexpr auto startup_time_max = std::chrono::seconds(30);
/// What a child that hangs is given to say where.
constexpr auto interrupted_grace = std::chrono::seconds(5);
constexpr auto wait_for_news_max = std::chrono::milliseconds(100);

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A process in which `body` runs and which ends with this one. Being interrupted waits until it listens.
template <class Body>
pid_t fork_child(const Body& body) {
  std::fflush(nullptr);  // or a child that calls exit() prints once more what lies in buffers
  const sigset_t blocked = only_hang_signal();
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it was too late for that
    run_and_exit(body);
  }
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  if (pid < 0) throw_errno("fork");
  return pid;
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  return {Descriptor(fds[0]), Descriptor(fds[1])};
}

}  // namespace

// --- the parent's end ---

void Descriptor::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Child Child::fork_worker(const RunSeed& run, bool stop_at_failure) {
  Pipe commands = make_pipe();
  Pipe reports = make_pipe();
  const pid_t pid = fork_child([&] {
    commands.write.close();
    reports.read.close();
    report_fatal_signals(reports.write.get());
    serve_seeds(commands.read.get(), reports.write.get(), run, stop_at_failure);
  });
  return {pid, std::move(reports.read), std::move(commands.write)};
}

Child Child::fork_single(const std::function<RunOutcome()>& run) {
  Pipe reports = make_pipe();
  const pid_t pid = fork_child([&] {
    reports.read.close();
    report_fatal_signals(reports.write.get());
    write_start(reports.write.get(), 0);
    write_outcome(reports.write.get(), run());
  });
  return {pid, std::move(reports.read), {}};
}

Child Child::execute(const std::vector<std::string>& arguments) {
  Pipe reports = make_pipe();
  std::vector<std::string> words = arguments;
  for (std::string& word : words) {
    if (word == "{fd}") word = std::to_string(reports.write.get());
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = fork_child([&] {
    ::fcntl(reports.write.get(), F_SETFD, 0);  // the one descriptor that it is to have
    ::execv(argv[0], argv.data());
    write_all(reports.write.get(), fmt::format("refused {}\n", errno));
  });
  return {pid, std::move(reports.read), {}};
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      read_(std::move(other.read_)),
      write_(std::move(other.write_)),
      buffered_(std::move(other.buffered_)),
      partial_(std::move(other.partial_)),
      status_(std::move(other.status_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(read_, other.read_);
  std::swap(write_, other.write_);
  std::swap(buffered_, other.buffered_);
  std::swap(partial_, other.partial_);
  std::swap(status_, other.status_);
  return *this;
}

Child::~Child() {
  kill();
  wait_status();
}

void Child::assign(std::uint64_t first, std::uint64_t last) {
  write_all(write_.get(), fmt::format("{} {}\n", first, last));
}

void Child::take_line(const std::vector<std::string>& words, std::vector<ChildMessage>& messages) {
  if (words.empty()) return;
  if (words[0] == "start") {
    messages.push_back({ChildMessage::Kind::started, parse_number(words.at(1)), {}, {}});
  } else if (words[0] == "log") {
    messages.push_back({ChildMessage::Kind::logged, 0, {}, words.at(1)});
  } else if (words[0] == "idle") {
    messages.push_back({ChildMessage::Kind::idle, 0, {}, {}});
  } else if (words[0] == "discard") {
    partial_ = {};
  } else if (words[0] == "refused") {
    throw std::system_error(static_cast<int>(parse_number(words.at(1))), std::generic_category(),
                            "the program cannot be executed");
  } else if (decode_line(words, partial_)) {
    messages.push_back({ChildMessage::Kind::outcome, partial_.seed, std::exchange(partial_, {}), {}});
  }
}

std::vector<ChildMessage> Child::receive() {
  std::vector<ChildMessage> messages;
  std::array<char, 16 * 1024> chunk;
  const ssize_t count = ::read(read_.get(), chunk.data(), chunk.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return messages;
  if (count <= 0) {
    messages.emplace_back();
    return messages;
  }
  buffered_.append(chunk.data(), static_cast<std::size_t>(count));
  std::size_t begin = 0;
  for (std::size_t end = buffered_.find('\n'); end != std::string::npos; end = buffered_.find('\n', begin)) {
    const std::string_view line = std::string_view(buffered_).substr(begin, end - begin);
    begin = end + 1;
    try {
      take_line(split_words(line), messages);
    } catch (const std::logic_error&) {  // NOLINT(bugprone-empty-catch)
      // Half a line: last words follow.
    }
  }
  buffered_.erase(0, begin);
  return messages;
}

void Child::interrupt() const noexcept {
  if (pid_ > 0) ::kill(pid_, hang_signal);
}

void Child::kill() const noexcept {
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

// --- waiting for it ---

void Patience::begin(std::uint64_t seed, std::chrono::milliseconds extra) noexcept {
  seed_ = seed;
  asked_ = false;
  deadline_ = Clock::now() + timeout_ + extra;
}

void Patience::enforce(const Child& child) noexcept {
  const Clock::time_point now = Clock::now();
  if (!deadline_ || now < *deadline_) return;
  if (std::exchange(asked_, true)) {
    child.kill();
  } else {
    child.interrupt();
  }
  if (!exceeded_by_) exceeded_by_ = seed_;
  deadline_ = now + interrupted_grace;
}

std::chrono::milliseconds Patience::wait_max() const noexcept {
  if (!deadline_) return wait_for_news_max;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
  return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds::zero(), wait_for_news_max);
}

RunOutcome silent_end(std::uint64_t seed, const std::string& how) {
  RunOutcome outcome;
  outcome.seed = seed;
  outcome.failed = true;
  outcome.signature = {"crash", {}, how, "the process ended without a word"};
  outcome.message = outcome.signature.in_words();
  return outcome;
}

RunOutcome silent_hang(std::uint64_t seed) {
  RunOutcome outcome;
  outcome.seed = seed;
  outcome.failed = true;
  outcome.signature = hang_signature();
  outcome.message = "hang: the process had to be killed";
  return outcome;
}

SingleRun::SingleRun(Child child, std::uint64_t seed, std::chrono::milliseconds timeout)
    : child_(std::move(child)), seed_(seed), patience_(timeout) {
  patience_.begin(seed, startup_time_max);
}

std::optional<RunOutcome> SingleRun::advance(const std::function<void(std::string)>& on_line) {
  if (interruption_requested()) throw Interrupted();
  patience_.enforce(child_);
  pollfd ready{child_.descriptor(), POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(patience_.wait_max().count())) <= 0) return std::nullopt;
  for (ChildMessage& message : child_.receive()) {
    switch (message.kind) {
      case ChildMessage::Kind::started:
        started_ = true;
        patience_.begin(seed_);
        break;
      case ChildMessage::Kind::logged:
        on_line(std::move(message.line));
        break;
      case ChildMessage::Kind::outcome:
        message.outcome.seed = seed_;  // whatever it says: it may have been asked before it began
        return std::move(message.outcome);
      case ChildMessage::Kind::gone:
        if (interruption_requested()) throw Interrupted();
        if (!started_ && !patience_.exceeded_by())
          throw std::runtime_error("the process ended before its run began: " + child_.wait_status());
        return patience_.exceeded_by() ? silent_hang(seed_) : silent_end(seed_, child_.wait_status());
      case ChildMessage::Kind::idle:
        break;
    }
  }
  return std::nullopt;
}

RunOutcome run_in_child(Child child, std::uint64_t seed, std::chrono::milliseconds timeout) {
  SingleRun run(std::move(child), seed, timeout);
  while (true) {
    if (std::optional<RunOutcome> outcome = run.advance([](const std::string&) {}))
      return *std::move(outcome);
  }
}

}  // namespace twinwire::traces
