// A log of a run for people: a line for each thing that happened.
#pragma once

#include <twinwire/net/observer.hpp>

#include <cstdio>
#include <string>

namespace twinwire::traces {

/// Virtual time, host, what, on which connection, offset, the payload; of a long one the beginning, and a
/// hash of all of it.
std::string log_line(const Observation& observation);

/// Prints observations.
class LogObserver final : public Observer {
 public:
  explicit LogObserver(std::FILE* file) : file_(file) {}
  void observe(const Observation& observation) override;

 private:
  std::FILE* file_;
};

}  // namespace twinwire::traces
