// A child process as its parent on a simulated host has it.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/net/wire/process_wire.hpp>
#include <twinwire/sim/process.hpp>

#include <array>
#include <memory>
#include <optional>

namespace twinwire::sim {

/// Holds a descriptor of its host while the child runs.
class ChildWire final : public ProcessWire {
 public:
  /// `parent` is null if that is the host's own loop.
  ChildWire(Host& host, const Process* parent, SubprocessOptions options);
  ~ChildWire() override;

  /// For the process: it has ended.
  void exited();

  error_code start() override;
  std::unique_ptr<Wire> take_pipe(int number) override;
  void set_sink(WireSink* sink) override { sink_ = sink; }
  void close() override;
  NativeHandle native_handle() const override { return handle_; }
  int pid() const noexcept override { return process_ ? process_->pid() : -1; }
  std::optional<int> returncode() const noexcept override { return returncode_; }
  error_code send_signal(int number) override;

 private:
  error_code open_stream(int number, const Redirect& redirect, const std::string& process,
                         StandardStreams& streams);
  void release_handle() noexcept;

  Host& host_;
  const Process* parent_;
  SubprocessOptions options_;
  detail::Ref<Process> process_;
  std::array<std::unique_ptr<Wire>, 3> pipes_;  ///< this side's ends
  NativeHandle handle_;
  WireSink* sink_ = nullptr;
  std::optional<int> returncode_;
};

}  // namespace twinwire::sim
