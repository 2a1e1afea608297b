// A child process of the system's, as a wire.
#pragma once

#include <twinwire/net/subprocess.hpp>
#include <twinwire/net/wire/process_wire.hpp>
#include <twinwire/real/watched_descriptor.hpp>

#include <array>
#include <memory>
#include <optional>

namespace twinwire::real {

/// Started with posix_spawn; watched, signalled and reaped through a pidfd, so that neither SIGCHLD nor the
/// number of the process is needed, which may be another's once this one is reaped.
/// https://man7.org/linux/man-pages/man2/pidfd_open.2.html
class ChildProcess final : public ProcessWire, private WatchedDescriptor {
 public:
  ChildProcess(PollerRef poller, SubprocessOptions options);
  ~ChildProcess() override;

  error_code start() override;
  std::unique_ptr<Wire> take_pipe(int number) override;
  void set_sink(WireSink* sink) override { watch_for(sink); }
  void close() override;
  NativeHandle native_handle() const override { return descriptor_.handle(); }
  int pid() const noexcept override { return pid_; }
  std::optional<int> returncode() const noexcept override { return returncode_; }
  error_code send_signal(int number) override;

 private:
  void on_events(std::uint32_t events) override;
  bool reap(bool wait) noexcept;

  SubprocessOptions options_;
  std::array<Descriptor, 3> pipes_;  ///< this side's ends
  int pid_ = -1;
  std::optional<int> returncode_;
};

}  // namespace twinwire::real
