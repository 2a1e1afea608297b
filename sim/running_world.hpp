// Which simulated world the code that this thread runs now belongs to.
#pragma once

#include <utility>

namespace twinwire::sim {

class World;

/// Marks, while it lives, that this thread runs events of a world. Scopes nest: an event may run another
/// world. Who asks are those that stand between a program and its system (sim/fence/), never a protocol.
class RunningWorld {
 public:
  explicit RunningWorld(World* world) noexcept : outer_(std::exchange(current_, world)) {}
  RunningWorld(const RunningWorld&) = delete;
  RunningWorld& operator=(const RunningWorld&) = delete;
  ~RunningWorld() { current_ = outer_; }

  /// Null if this thread runs none.
  static World* get() noexcept { return current_; }

 private:
  static inline constinit thread_local World* current_ = nullptr;

  World* outer_;
};

/// While it lives, what this thread does is not simulated: the fence lets it through to the real system. For
/// a debugging aid that wants the real clock, say; what the run does must not depend on it.
class Unfenced {
 private:
  RunningWorld none_{nullptr};
};

}  // namespace twinwire::sim
