// Events in the order of their time. Three places: a list for the current instant, which most events of a
// busy loop use, a 4-ary heap for those that come soon, and a timing wheel for the rest, once there are many.
#pragma once

#include <twinwire/net/events/event.hpp>
#include <twinwire/net/events/timer_wheel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace twinwire::detail {

/// Fires events by (time, order of scheduling); cancelling one leaves nothing behind. It has no clock: its
/// instant is the latest time of an event that was taken, and it never goes back.
class EventQueue {
 public:
  /// With more events in the heap than this, later ones move to the wheel. Tests use less.
  static constexpr std::size_t usual_heap_size = 4096;

  explicit EventQueue(std::size_t heap_size = usual_heap_size)
      : heap_size_(heap_size), spill_at_(heap_size) {}
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue() {
    while (!empty()) remove(*first());
  }

  /// Schedules an event, or moves it if it was scheduled already. One whose time has passed comes before all
  /// that is due now, in the order of times as any other.
  void schedule(Event& event, TimePoint when) {
    if (event.queue_) remove(event);
    event.when_ = when;
    if (when == instant_) {
      event.position_ = in_instant;
      now_.push_back(event);
      ++now_size_;
    } else {
      if (heap_.size() >= spill_at_) spill();
      const Entry entry{when, ++sequence_, &event};
      if (TimerWheel::tick(when) > horizon_) {
        wheel_->add(entry);
      } else {
        push(entry);
      }
    }
    event.queue_ = this;
  }

  void remove(Event& event) noexcept {
    event.queue_ = nullptr;
    if (event.position_ == in_instant) {
      static_cast<ListLink<EventTag>&>(event).leave();
      --now_size_;
      return;
    }
    if (event.position_ >= TimerWheel::first_position) {
      wheel_->remove(event.position_);
    } else {
      remove_from_heap(event.position_);
    }
  }

  bool empty() const noexcept { return heap_.empty() && now_size_ == 0; }
  std::size_t size() const noexcept { return heap_.size() + now_size_ + (wheel_ ? wheel_->size() : 0); }
  TimePoint instant() const noexcept { return instant_; }
  /// Moves the instant on to a time that no event comes before.
  void advance(TimePoint when) noexcept {
    if (when > instant_) instant_ = when;
  }

  /// The time of the next event; the queue is not empty.
  TimePoint next_time() const noexcept { return first()->when_; }

  /// Takes the next event out, and moves the instant on to its time; the queue is not empty.
  Event& pop() noexcept {
    Event& event = *first();
    remove(event);
    if (event.when_ > instant_) instant_ = event.when_;
    if (!heap_.empty()) prefetch_next();
    return event;
  }

 private:
  static constexpr std::uint32_t in_instant = std::numeric_limits<std::uint32_t>::max();

  using Entry = EventEntry;

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

  /// What is in the heap at the current instant was scheduled before all that is in the list for it.
  Event* first() const noexcept {
    if (!heap_.empty() && (now_size_ == 0 || heap_.front().when <= instant_)) return heap_.front().event;
    return &now_.front();
  }

  void push(const Entry& entry) {
    heap_.emplace_back();
    sift_up(heap_.size() - 1, entry);
  }

  /// The heap has grown: moves its later half to the wheel. Those of one time stay together, and in their
  /// order.
  void spill() {
    if (!wheel_) wheel_ = std::make_unique<TimerWheel>();
    if (wheel_->empty()) {
      wheel_->restart(TimerWheel::tick(instant_));
      horizon_ = TimerWheel::last_tick;  // the one before may be earlier than the new base
    }
    // In order, it is still a heap.
    std::ranges::sort(heap_, [](const Entry& a, const Entry& b) { return a.before(b); });
    auto later = std::ranges::lower_bound(heap_, heap_[heap_.size() / 2].when, {}, &Entry::when);
    if (later == heap_.begin()) later = std::ranges::upper_bound(heap_, heap_.front().when, {}, &Entry::when);
    if (later != heap_.end() && TimerWheel::tick(later->when) > wheel_->base()) {
      horizon_ = TimerWheel::tick(later->when) - 1;
      for (auto entry = later; entry != heap_.end(); ++entry) wheel_->add(*entry);
      heap_.erase(later, heap_.end());
    }
    for (std::size_t at = 0; at < heap_.size(); ++at) place(at, heap_[at]);
    spill_at_ = std::max(heap_size_, 2 * heap_.size());
  }

  /// The heap has run empty: what is earliest in the wheel comes into it.
  void refill() noexcept {
    horizon_ = TimerWheel::last_tick;
    if (!wheel_ || wheel_->empty()) return;
    const TimerWheel::Tick reached =
        wheel_->open(heap_size_ / 2, [this](const Entry& entry) { push(entry); });
    if (!wheel_->empty()) horizon_ = reached;
    spill_at_ = std::max(heap_size_, 2 * heap_.size());
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
    if (heap_.empty()) {
      refill();
    } else if (at == heap_.size()) {
      return;
    } else if (at > 0 && last.before(heap_[(at - 1) / 4])) {
      sift_up(at, last);
    } else {
      sift_down(at, last);
    }
  }

  List<Event, EventTag> now_;
  std::size_t now_size_ = 0;
  TimePoint instant_ = TimePoint::min();
  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
  std::size_t heap_size_;
  std::size_t spill_at_;  ///< so many in the heap are too many
  /// What comes later is in the wheel; the heap is not empty as long as the wheel is not.
  TimerWheel::Tick horizon_ = TimerWheel::last_tick;
  std::unique_ptr<TimerWheel> wheel_;  ///< made when it is needed first
};

inline void Event::cancel() noexcept {
  if (queue_) queue_->remove(*this);
}

}  // namespace twinwire::detail
