// A process on a simulated host: a program with a loop, standard streams, and an end.
#pragma once

#include <twinwire/net/choices.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/stream_reader.hpp>
#include <twinwire/net/stream_writer.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/processes/pipe.hpp>
#include <twinwire/sim/programs.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::sim {

class ChildWire;
class Host;
class HostBackend;

/// Its streams: a pipe, or nothing (/dev/null).
using StandardStreams = std::array<detail::Ref<PipeEnd>, 3>;

/// What a program knows of itself. When it ends, its loop is destroyed with all that is on it, as a process
/// that exits or is killed leaves nothing behind but its children. It can connect, serve and start children
/// as any code of its host.
class Process final : public detail::RefCounted {
 public:
  /// Made by ProcessTable::start. `name` is structural: "server/cat#2".
  Process(Host& host, std::string name, int pid, const Program& program, SubprocessOptions options,
          StandardStreams streams);
  ~Process() override;

  // --- for programs ---

  Host& host() const noexcept { return host_; }
  Loop& loop() noexcept { return *loop_; }
  const std::string& name() const noexcept { return name_; }
  int pid() const noexcept { return pid_; }
  const std::string& program() const noexcept { return options_.program; }
  const std::vector<std::string>& arguments() const noexcept { return options_.arguments; }
  const Environment& environment() const noexcept { return *options_.env; }
  /// The directory that it was started in.
  const std::string& directory() const noexcept { return options_.cwd; }

  /// The standard streams, opened when they are first asked for. Children inherit them all the same, until
  /// they are closed. Throw OperationError when the host has no descriptor left.
  StreamReader in();
  StreamWriter out() { return writer(1); }
  StreamWriter err() { return writer(2); }
  /// Closes a standard stream (0, 1 or 2): what was written to it still goes into the pipe. Closing its
  /// writer does the same. Otherwise they are closed at the end.
  void close_stream(int number);

  // --- for the simulation ---

  /// Runs, some time from now.
  void start();
  /// The parent's end; null once nobody waits for this process.
  void set_wire(ChildWire* wire) noexcept { wire_ = wire; }
  const detail::Ref<PipeEnd>& stream(int number) const { return streams_[static_cast<std::size_t>(number)]; }
  bool ended() const noexcept { return returncode_.has_value(); }
  std::optional<int> returncode() const noexcept { return returncode_; }
  /// A signal arrives some time from now: at a handler of the loop's, or with its default action.
  void send_signal(int number);
  /// Ends it now, or, if it is itself what runs now, in a moment.
  void kill();
  /// The host ends: the loop goes, and nobody is told.
  void vanish() noexcept;

 private:
  class StandardWire;

  StreamWriter writer(int number);
  detail::Ref<detail::StreamState> open_stream(int number);
  void begin();
  awaitable<void> run();
  bool is_broken_pipe(const std::exception_ptr& failure) const;
  awaitable<bool> flush();
  void signal_arrived();
  int deadly_signal() const;
  void end_soon(int code);
  void end();
  void tell_parent();
  void release() noexcept;
  Duration delay(Site site, std::uint64_t ordinal) const;

  Host& host_;
  std::string name_;
  int pid_;
  Program program_;
  SubprocessOptions options_;
  StandardStreams streams_;
  std::unique_ptr<Loop> loop_;
  HostBackend* backend_ = nullptr;
  ChildWire* wire_ = nullptr;
  detail::Ref<detail::StreamState> in_;
  std::array<StreamWriter, 3> writers_;
  std::deque<int> signals_;  ///< on their way
  std::uint64_t signals_sent_ = 0;
  int code_ = 0;
  std::optional<int> returncode_;
  Site start_site_;
  Site signal_site_;
  Site exit_site_;
  MemberEvent<Process, &Process::begin> start_{*this};
  MemberEvent<Process, &Process::signal_arrived> signal_{*this};
  MemberEvent<Process, &Process::end> end_{*this};
  MemberEvent<Process, &Process::tell_parent> exit_{*this};
};

}  // namespace twinwire::sim
