// One process: a run of a child.
#pragma once

#include "lines.hpp"
#include "mistakes.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/subprocess.hpp>

#include <array>
#include <exception>

namespace supervisor {

class Child;

/// Tells its child what becomes of the process, for as long as that wants to hear of it.
class ChildRun final : public twinwire::SubprocessProtocol {
 public:
  ChildRun(twinwire::Loop& loop, Child& child, const Mistakes& mistakes)
      : loop_(loop), child_(&child), mistakes_(mistakes) {}

  /// The child hears nothing more. Nobody is left to stop the process in order: it is killed.
  void drop();
  /// The process could not be started.
  void failed(const std::exception_ptr& why);
  /// Does nothing to a process that has ended.
  void send_signal(int number);

  void connection_made(twinwire::SubprocessTransport transport) override;
  void pipe_data_received(int fd, twinwire::Bytes data) override;
  void process_exited() override;
  void connection_lost(twinwire::error_code error) override;

 private:
  twinwire::Loop& loop_;
  Child* child_;  ///< null once it was dropped
  Mistakes mistakes_;
  twinwire::SubprocessTransport transport_;
  std::array<Lines, 2> lines_;  ///< of stdout and of stderr
  twinwire::Handle patience_;
};

}  // namespace supervisor
