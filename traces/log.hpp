// A log of a run for people: a line for each thing that happened.
#pragma once

#include <twinwire/net/observer.hpp>

#include <cstdio>

namespace twinwire::traces {

/// Prints observations: virtual time, host, what, on which connection, offset, the beginning of the payload.
class LogObserver final : public Observer {
 public:
  explicit LogObserver(std::FILE* file) : file_(file) {}
  void observe(const Observation& observation) override;

 private:
  std::FILE* file_;
};

}  // namespace twinwire::traces
