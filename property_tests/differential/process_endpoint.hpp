// The parent of a child process.
#pragma once

#include "endpoint.hpp"

#include <twinwire/net/subprocess.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace twinwire::differential {

/// Side 0 of a child. Events: PD1, PD2 (data), PL0, PL1, PL2, PX and the return code, and those of all.
class ProcessEndpoint final : public Endpoint {
 public:
  ProcessEndpoint() : Endpoint(0) {}

  /// For the child.
  std::shared_ptr<SubprocessProtocol> protocol();
  void end() override { transport_.abort(); }

 private:
  class Receiver;

  void act(const Step& step) override;
  std::string state() const override;
  void connection_made(SubprocessTransport transport);
  void pipe_data_received(int fd, Bytes data);
  void pipe_connection_lost(int fd, const error_code& error);
  void process_exited();
  Transport pipe(int fd) const { return transport_.get_pipe_transport(fd); }

  SubprocessTransport transport_;
  std::uint64_t written_ = 0;
  std::array<std::uint64_t, 3> received_{};
};

}  // namespace twinwire::differential
