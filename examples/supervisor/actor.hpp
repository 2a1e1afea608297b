// The program that simulated children run.
#pragma once

#include <twinwire/net/time.hpp>
#include <twinwire/sim/programs.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace supervisor {

/// What became of every process, written down by the processes themselves.
struct Record {
  struct Life {
    twinwire::TimePoint begun;
    std::optional<twinwire::TimePoint> over;
    /// That it wrote, if it ended in order.
    std::optional<int> lines;
  };
  /// By the name of the child, in the order in which they began.
  std::map<std::string, std::vector<Life>> lives;

  /// How many processes of this child there are now.
  int alive(const std::string& child) const;
};

/// `actor NAME`: writes numbered lines, in pieces. How long it does so, how it ends, and what it makes of
/// SIGTERM is drawn for each process; the calm one goes on until SIGTERM ends it.
twinwire::sim::Program actor(std::shared_ptr<Record> record);

}  // namespace supervisor
