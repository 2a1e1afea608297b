#include <twinwire/sim/options.hpp>

#include <stdexcept>

namespace twinwire::sim {
namespace {

void require(bool holds, const char* rule) {
  if (!holds) throw std::invalid_argument(std::string("simulation options: ") + rule);
}

void check(const Odds& odds, const char* rule) {
  require(odds.numerator == 0 || odds.numerator <= odds.denominator, rule);
}

}  // namespace

void check(const LinkOptions& options) {
  require(options.latency >= Duration::zero(), "the latency of a link is not negative");
  require(options.jitter >= Duration::zero(), "the jitter of a link is not negative");
  check(options.loss, "the odds of a loss are at most 1");
  check(options.cut, "the odds of a cut are at most 1");
  check(options.rechunk, "the odds of re-chunking are at most 1");
  check(options.duplicate, "the odds of a duplicate are at most 1");
  check(options.overtaken, "the odds of being overtaken are at most 1");
  check(options.corrupt, "the odds of a corruption are at most 1");
  check(options.truncate, "the odds of a truncation are at most 1");
  require(options.mtu >= 576, "mtu is at least 576 bytes");
  require(options.max_segment > 0, "max_segment is at least 1 byte");
}

void check(const HostOptions& options) {
  require(options.max_descriptors >= 0, "max_descriptors is not negative");
  require(options.drift_ppm > -1'000'000, "a clock with drift_ppm of -1,000,000 or less does not go forward");
}

void check(const WorldOptions& options) {
  check(options.link);
  check(options.loopback);
  check(options.host);
  require(options.name_latency >= Duration::zero(), "name_latency is not negative");
  require(options.executor_time_max >= Duration::zero(), "executor_time_max is not negative");
}

}  // namespace twinwire::sim
