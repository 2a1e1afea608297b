// A child process that runs scenarios and tells what came of them, also when it crashes or hangs.
#pragma once

#include <twinwire/traces/run.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace twinwire::traces {

/// What a child says.
struct ChildMessage {
  enum class Kind : std::uint8_t { started, logged, outcome, idle, gone };
  Kind kind = Kind::gone;
  /// Of the run that starts.
  std::uint64_t seed = 0;
  RunOutcome outcome;
  /// Of the log of a run, if it writes one.
  std::string line;
};

/// A file descriptor that is closed in the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const noexcept { return fd_; }
  void close() noexcept;

 private:
  int fd_ = -1;
};

/// The parent's end. Destroying it ends the child; so does the end of this process, however it comes.
class Child {
 public:
  using RunSeed = std::function<RunOutcome(std::uint64_t)>;
  /// Runs seeds as the parent assigns them, and may leave the rest of a range after a seed that failed.
  /// Like the others it throws std::system_error when the system refuses a process or its pipes.
  static Child fork_worker(const RunSeed& run, bool stop_at_failure);
  /// Runs one thing and ends.
  static Child fork_single(const std::function<RunOutcome()>& run);
  /// Runs another program, which writes its outcome to the descriptor that replaces "{fd}" in its arguments.
  /// If it cannot be executed receive() throws.
  static Child execute(const std::vector<std::string>& arguments);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Seeds `first` to `last`, both included.
  void assign(std::uint64_t first, std::uint64_t last);
  /// To be polled for reading.
  int descriptor() const noexcept { return read_.get(); }
  /// The messages that have arrived; `gone` is the last one. Throws std::system_error if the program could
  /// not be executed.
  std::vector<ChildMessage> receive();
  /// Asks a child that hangs to say where.
  void interrupt() const noexcept;
  /// Ends it at once.
  void kill() const noexcept;
  /// How it ended, in words, after `gone`: "signal 9 (Killed)", "exit status 1".
  std::string wait_status();

 private:
  Child(pid_t pid, Descriptor read, Descriptor write) noexcept
      : pid_(pid), read_(std::move(read)), write_(std::move(write)) {}
  void take_line(const std::vector<std::string>& words, std::vector<ChildMessage>& messages);

  pid_t pid_ = -1;
  Descriptor read_;
  Descriptor write_;
  std::string buffered_;
  RunOutcome partial_;
  std::string status_;
};

/// How long the runs of a child may take. One that takes longer is asked where it hangs, and ended soon.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout) noexcept : timeout_(timeout) {}

  /// A run has begun.
  void begin(std::uint64_t seed, std::chrono::milliseconds extra = {}) noexcept;
  void end() noexcept { deadline_.reset(); }
  void enforce(const Child& child) noexcept;
  /// What to wait for news at most, so that nothing is late.
  std::chrono::milliseconds wait_max() const noexcept;
  /// The first run that was not waited for any longer. Nothing that the child begins after it counts: it is
  /// about to end.
  std::optional<std::uint64_t> exceeded_by() const noexcept { return exceeded_by_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::milliseconds timeout_;
  std::uint64_t seed_ = 0;
  bool asked_ = false;
  std::optional<Clock::time_point> deadline_;
  std::optional<std::uint64_t> exceeded_by_;
};

/// One run in a child, which is watched as it goes on.
class SingleRun {
 public:
  SingleRun(Child child, std::uint64_t seed, std::chrono::milliseconds timeout);

  /// Waits a while for what the child says next. `on_line` is given the lines of the log. The outcome once
  /// there is one, also of a crash, a hang, and a silent end. Throws as run_in_child does.
  std::optional<RunOutcome> advance(const std::function<void(std::string)>& on_line);

 private:
  Child child_;
  std::uint64_t seed_;
  Patience patience_;
  bool started_ = false;
};

/// Runs in a child, and makes an outcome also of a crash, a hang, and a silent end. Throws Interrupted when a
/// signal has been noted, and std::runtime_error if the run did not even begin.
RunOutcome run_in_child(Child child, std::uint64_t seed, std::chrono::milliseconds timeout);

/// The outcome of a child that ended without telling one.
RunOutcome silent_end(std::uint64_t seed, const std::string& how);
/// The outcome of a child that hung, and did not even tell where.
RunOutcome silent_hang(std::uint64_t seed);

}  // namespace twinwire::traces
