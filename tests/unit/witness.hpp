// Counts what lives.
#pragma once

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

}  // namespace twinwire
