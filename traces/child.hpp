// A child process that runs scenarios and tells what came of them, also when it crashes or hangs.
#pragma once

#include <twinwire/traces/run.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace twinwire::traces {

/// An outcome as lines of text, and back. Used between processes of the same program only.
std::string encode(const RunOutcome& outcome);

/// What a child says.
struct ChildMessage {
  enum class Kind : std::uint8_t { started, outcome, idle, gone };
  Kind kind = Kind::gone;
  /// Of the run that starts.
  std::uint64_t seed = 0;
  RunOutcome outcome;
};

/// The parent's end. Destroying it ends the child.
class Child {
 public:
  /// Runs seeds as the parent assigns them.
  using RunSeed = std::function<RunOutcome(std::uint64_t)>;
  static Child fork_worker(const RunSeed& run);
  /// Runs one thing and ends.
  static Child fork_single(const std::function<RunOutcome()>& run);
  /// Runs another program, which writes its outcome to the descriptor that replaces "{fd}" in its arguments.
  static Child execute(const std::vector<std::string>& arguments);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// Seeds `first` to `last`, both included.
  void assign(std::uint64_t first, std::uint64_t last);
  /// To be polled for reading.
  int descriptor() const noexcept { return read_fd_; }
  /// The messages that have arrived; `gone` is the last one.
  std::vector<ChildMessage> receive();
  /// Asks a child that hangs to say where.
  void interrupt() const noexcept;
  /// Ends it at once.
  void kill() noexcept;
  /// How it ended, in words, after `gone`: "signal 9 (Killed)", "exit status 1".
  std::string wait_status();

 private:
  Child(pid_t pid, int read_fd, int write_fd) noexcept : pid_(pid), read_fd_(read_fd), write_fd_(write_fd) {}

  pid_t pid_ = -1;
  int read_fd_ = -1;
  int write_fd_ = -1;
  std::string buffered_;
  RunOutcome partial_;
  std::string status_;
};

/// Runs in a child, and makes an outcome also of a crash, a hang, and a silent end.
RunOutcome run_in_child(Child child, std::uint64_t seed, std::chrono::milliseconds timeout);

/// The outcome of a child that ended without telling one.
RunOutcome silent_end(std::uint64_t seed, const std::string& how);

/// Writes an outcome where Child::execute reads it.
void write_outcome(int descriptor, const RunOutcome& outcome);

/// From now on a fatal signal, or being interrupted by the parent, tells there where the run was.
void report_fatal_signals(int descriptor);

}  // namespace twinwire::traces
