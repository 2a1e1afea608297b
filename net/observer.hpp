// What happens on a loop, for whoever wants to watch: logs, recorders, traces.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/time.hpp>

#include <cstdint>
#include <string_view>

namespace twinwire {

/// One thing that happened. The views are valid during the call only.
struct Observation {
  /// On the clock of the world, or of the real loop.
  TimePoint time;
  /// The host it happened on; empty on a real loop.
  std::string_view host;
  /// What: "data_received", "segment", "retransmission", "refused" ...
  std::string_view what;
  /// On which connection or other entity.
  std::string_view entity;
  std::uint64_t offset = 0;
  Bytes payload;
  error_code error;
};

/// Is told. It must not call back into what it watches.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void observe(const Observation& observation) = 0;
};

}  // namespace twinwire
