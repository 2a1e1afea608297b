// Counts what lives.
#pragma once

#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>

#include <chrono>

namespace twinwire {

/// One lies in every frame, or wherever a test wants to know of its owner that it is gone.
class Witness {
 public:
  Witness() { ++alive; }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --alive; }
  inline static int alive = 0;
};

/// Until that many live, however busy the machine is.
inline awaitable<void> all_to_live(Loop& loop, int count) {
  while (Witness::alive != count) co_await sleep_for(loop, std::chrono::milliseconds(1));
}

}  // namespace twinwire
