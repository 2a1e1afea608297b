// What happens at a time.
#pragma once

#include <twinwire/net/events/list.hpp>
#include <twinwire/net/time.hpp>

#include <cstdint>

namespace twinwire::detail {

class EventQueue;
struct EventTag;

/// Asks the processor for so many cache lines from here on.
inline void prefetch_memory(const void* memory, int lines) noexcept {
  constexpr int line = 64;
  for (int i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(memory) + i * line);
}

/// Something that happens at a time. It belongs to whoever embeds it; destroying it cancels it.
class Event : private ListLink<EventTag> {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  virtual ~Event() { cancel(); }

  /// Called when its time has come; it is no longer scheduled then and may be scheduled again.
  virtual void fire() = 0;
  /// Its time comes soon: asks the processor for the memory that fire() is going to use. No more than a hint.
  virtual void prefetch() const noexcept {}

  bool scheduled() const noexcept { return queue_ != nullptr; }
  /// Its time, if it is scheduled.
  TimePoint when() const noexcept { return when_; }
  void cancel() noexcept;

 private:
  friend class EventQueue;
  friend class TimerWheel;
  friend class List<Event, EventTag>;

  EventQueue* queue_ = nullptr;
  TimePoint when_{};
  std::uint32_t position_ = 0;  ///< where the queue has it
};

/// A scheduled event's place in the order: by time, and of one time by the order of scheduling.
struct EventEntry {
  TimePoint when;
  std::uint64_t sequence;
  Event* event;

  bool before(const EventEntry& other) const noexcept {
    return when != other.when ? when < other.when : sequence < other.sequence;
  }
};

}  // namespace twinwire::detail
