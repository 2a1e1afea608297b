// Events in the order of their time: a 4-ary heap that knows where each event lies, so that cancelling
// leaves nothing behind, beside a queue for the current instant, which most events of a busy loop use.
#pragma once

#include <twinwire/net/time.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace twinwire::detail {

class EventQueue;

/// Asks the processor for so many cache lines from here on.
inline void prefetch_memory(const void* memory, int lines) noexcept {
  constexpr int line = 64;
  for (int i = 0; i < lines; ++i) __builtin_prefetch(static_cast<const char*>(memory) + i * line);
}

/// Something that happens at a time. It belongs to whoever embeds it; destroying it cancels it.
class Event {
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
  static constexpr std::uint32_t in_instant = std::numeric_limits<std::uint32_t>::max();

  EventQueue* queue_ = nullptr;
  TimePoint when_{};
  Event* next_ = nullptr;
  Event* previous_ = nullptr;
  std::uint32_t position_ = 0;
};

/// Fires events by (time, order of scheduling). It has no clock: its instant is the time of the event that
/// was taken last, and it never goes back.
class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue() {
    while (Event* event = first()) remove(*event);
  }

  /// Schedules an event, or moves it if it was scheduled already. A time before the current instant counts
  /// as the current instant.
  void schedule(Event& event, TimePoint when) {
    if (event.queue_) remove(event);
    event.queue_ = this;
    if (when <= instant_) {
      event.when_ = instant_;
      append(event);
    } else {
      event.when_ = when;
      heap_.emplace_back();
      sift_up(heap_.size() - 1, Entry{when, ++sequence_, &event});
    }
  }

  void remove(Event& event) noexcept {
    event.queue_ = nullptr;
    if (event.position_ == Event::in_instant) {
      unlink(event);
    } else {
      remove_from_heap(event.position_);
    }
  }

  bool empty() const noexcept { return heap_.empty() && instant_head_ == nullptr; }
  std::size_t size() const noexcept { return heap_.size() + instant_size_; }
  TimePoint instant() const noexcept { return instant_; }
  /// Moves the instant on to a time that no event comes before.
  void advance(TimePoint when) noexcept {
    if (when > instant_) instant_ = when;
  }

  /// The time of the next event; the queue is not empty.
  TimePoint next_time() const noexcept { return first()->when_; }

  /// Takes the next event out, and moves the instant to its time; the queue is not empty.
  Event& pop() noexcept {
    Event& event = *first();
    remove(event);
    if (event.when_ > instant_) instant_ = event.when_;
    if (!heap_.empty()) prefetch_next();
    return event;
  }

 private:
  /// More entries than this are not to be expected in the first levels of the cache.
  static constexpr std::size_t cached_entries = 2048;

  struct Entry {
    TimePoint when;
    std::uint64_t sequence;
    Event* event;
    bool before(const Entry& other) const noexcept {
      return when != other.when ? when < other.when : sequence < other.sequence;
    }
  };

  /// With many connections what the next event works on is seldom in the cache: it is fetched while this one
  /// is handled. Of the event after the next only its own memory is fetched, so that one step later it can
  /// tell itself what else.
  void prefetch_next() const noexcept {
    heap_.front().event->prefetch();
    const std::size_t end = heap_.size() < 5 ? heap_.size() : 5;
    if (end == 1) return;
    std::size_t second = 1;
    for (std::size_t child = 2; child < end; ++child) {
      if (heap_[child].before(heap_[second])) second = child;
    }
    prefetch_memory(heap_[second].event, 7);
  }

  /// What is in the heap at the current instant was scheduled before all that is in the queue for it.
  Event* first() const noexcept {
    if (!heap_.empty() && (instant_head_ == nullptr || heap_.front().when <= instant_)) {
      return heap_.front().event;
    }
    return instant_head_;
  }

  void append(Event& event) noexcept {
    event.position_ = Event::in_instant;
    event.next_ = nullptr;
    event.previous_ = instant_tail_;
    (instant_tail_ ? instant_tail_->next_ : instant_head_) = &event;
    instant_tail_ = &event;
    ++instant_size_;
  }

  void unlink(Event& event) noexcept {
    (event.previous_ ? event.previous_->next_ : instant_head_) = event.next_;
    (event.next_ ? event.next_->previous_ : instant_tail_) = event.previous_;
    --instant_size_;
  }

  void place(std::size_t at, const Entry& entry) noexcept {
    heap_[at] = entry;
    entry.event->position_ = static_cast<std::uint32_t>(at);
  }

  void sift_up(std::size_t at, const Entry& entry) noexcept {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!entry.before(heap_[parent])) break;
      place(at, heap_[parent]);
      at = parent;
    }
    place(at, entry);
  }

  void sift_down(std::size_t at, const Entry& entry) noexcept {
    const std::size_t size = heap_.size();
    while (true) {
      const std::size_t first_child = 4 * at + 1;
      if (first_child >= size) break;
      // The sixteen grandchildren lie side by side: in a heap that no cache holds they come while the
      // children are compared.
      const std::size_t first_grandchild = 4 * first_child + 1;
      if (first_grandchild > cached_entries && first_grandchild < size) {
        prefetch_memory(&heap_[first_grandchild], 16 * sizeof(Entry) / 64);
      }
      std::size_t least = first_child;
      const std::size_t end = first_child + 4 < size ? first_child + 4 : size;
      for (std::size_t child = first_child + 1; child < end; ++child) {
        if (heap_[child].before(heap_[least])) least = child;
      }
      if (!heap_[least].before(entry)) break;
      place(at, heap_[least]);
      at = least;
    }
    place(at, entry);
  }

  void remove_from_heap(std::size_t at) noexcept {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    if (at > 0 && last.before(heap_[(at - 1) / 4])) {
      sift_up(at, last);
    } else {
      sift_down(at, last);
    }
  }

  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
  TimePoint instant_ = TimePoint::min();
  Event* instant_head_ = nullptr;
  Event* instant_tail_ = nullptr;
  std::size_t instant_size_ = 0;
};

inline void Event::cancel() noexcept {
  if (queue_) queue_->remove(*this);
}

}  // namespace twinwire::detail
