#include <twinwire/traces/child_side.hpp>
#include <twinwire/traces/log.hpp>
#include <twinwire/traces/outcome_record.hpp>
#include <twinwire/traces/text_record.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

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

constexpr int crash_exit_code = 3;

int report_fd = -1;

/// Last words. This is not safe in a signal handler by the book, but the process is lost anyway, and the
/// parent copes with a child that says nothing.
void last_words(const char* kind, const char* type) noexcept {
  const int fd = std::exchange(report_fd, -1);
  if (fd < 0) return;
  // It may have come in the middle of a line, or of an outcome.
  write_all(fd, "\ndiscard\n" + encode(interrupted_outcome(kind, type)));
}

void on_fatal_signal(int number) {
  ::alarm(60);  // should the last words hang; a machine may be busy
  if (number == hang_signal) {
    last_words("hang", "");
  } else {
    last_words("crash", ::strsignal(number));
  }
  ::_exit(crash_exit_code);
}

}  // namespace

sigset_t only_hang_signal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, hang_signal);
  return signals;
}

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
  ::signal(SIGPIPE, SIG_DFL);
  const sigset_t awaited = only_hang_signal();
  ::pthread_sigmask(SIG_UNBLOCK, &awaited, nullptr);
}

void LogWriter::observe(const Observation& observation) {
  write_all(descriptor_, join_words({"log", log_line(observation)}) + "\n");
}

void write_start(int descriptor, std::uint64_t seed) {
  write_all(descriptor, fmt::format("start {}\n", seed));
}

void write_outcome(int descriptor, const RunOutcome& outcome) {
  write_all(descriptor, encode(outcome));
}

void run_and_exit(const std::function<void()>& body) noexcept {
  try {
    body();
    ::_exit(0);
  } catch (const std::exception& error) {
    last_words("crash", error.what());
  } catch (...) {
    last_words("crash", "an exception of no known type");
  }
  ::_exit(crash_exit_code);
}

void serve_seeds(int commands, int reports, const std::function<RunOutcome(std::uint64_t)>& run,
                 bool stop_at_failure) {
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
        write_start(reports, seed);
        const RunOutcome outcome = run(seed);
        write_outcome(reports, outcome);
        if (outcome.failed && stop_at_failure) break;
        if (seed == last) break;  // the largest number has no successor
      }
      write_all(reports, "idle\n");
    }
  }
}

void write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the parent is gone: there is nobody to tell
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace twinwire::traces
