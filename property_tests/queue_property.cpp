// The event queue beside the simplest one there is: a list that is searched for the earliest.
#include "property.hpp"

#include <twinwire/net/choices.hpp>
#include <twinwire/net/events/event_queue.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace twinwire {
namespace {

constexpr std::size_t event_count = 24;

class Numbered final : public detail::Event {
 public:
  void fire() override {}
};

/// Entries in any order; the next one has the least (time, order of scheduling).
class QueueModel {
 public:
  void schedule(std::size_t event, std::int64_t when) {
    remove(event);
    entries_.push_back({when, ++sequence_, event});
  }
  void remove(std::size_t event) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.event == event; });
  }
  std::optional<std::int64_t> next_time() const {
    if (entries_.empty()) return std::nullopt;
    return std::ranges::min_element(entries_)->when;
  }
  std::size_t pop() {
    const auto next = std::ranges::min_element(entries_);
    const Entry entry = *next;
    entries_.erase(next);
    advance(entry.when);
    return entry.event;
  }
  void advance(std::int64_t when) { instant_ = std::max(instant_, when); }
  bool scheduled(std::size_t event) const {
    return std::ranges::find(entries_, event, &Entry::event) != entries_.end();
  }
  std::size_t size() const { return entries_.size(); }
  std::int64_t instant() const { return instant_; }

 private:
  struct Entry {
    std::int64_t when;
    std::uint64_t order;
    std::size_t event;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> entries_;
  std::uint64_t sequence_ = 0;
  std::int64_t instant_ = 0;
};

struct QueueAction {
  enum class Kind : std::uint8_t { schedule, schedule_soon, pop, cancel, destroy, advance } kind;
  std::size_t event;
  std::int64_t time;
};

void showValue(const QueueAction& action, std::ostream& os) {
  constexpr std::array names{"schedule", "schedule soon", "pop", "cancel", "destroy", "advance"};
  os << names[static_cast<std::size_t>(action.kind)] << "(" << action.event << ", " << action.time << ")";
}

/// Times of every magnitude, for every level of the wheel.
rc::Gen<std::int64_t> far_times() {
  return rc::gen::exec([] {
    const auto bits = *rc::gen::inRange(1, 56);
    return *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << bits);
  });
}

rc::Gen<QueueAction> queue_actions() {
  using Kind = QueueAction::Kind;
  return rc::gen::build<QueueAction>(
      rc::gen::set(&QueueAction::kind, rc::gen::weightedElement<Kind>({{6, Kind::schedule},
                                                                       {3, Kind::schedule_soon},
                                                                       {6, Kind::pop},
                                                                       {2, Kind::cancel},
                                                                       {1, Kind::destroy},
                                                                       {1, Kind::advance}})),
      rc::gen::set(&QueueAction::event, rc::gen::inRange<std::size_t>(0, event_count)),
      rc::gen::set(&QueueAction::time, rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, 40), far_times())));
}

TimePoint at(std::int64_t ticks) {
  return TimePoint(Duration(ticks));
}

PROPERTY("the event queue fires in the order of (time, scheduling), whatever is moved and cancelled") {
  // Twice as many as RapidCheck's size, so that the heap has several levels.
  const auto count = *rc::gen::inRange<std::size_t>(0, 300);
  const auto program = *rc::gen::container<std::vector<QueueAction>>(count, queue_actions());
  // From a heap that never spills to one that gives nearly all to the wheel.
  detail::EventQueue queue(*rc::gen::element<std::size_t>(2, 3, 8, detail::EventQueue::usual_heap_size));
  queue.advance(at(0));
  std::array<std::optional<Numbered>, event_count> events;
  for (auto& event : events) event.emplace();
  QueueModel model;
  const auto pop = [&] {
    RC_ASSERT(queue.next_time() == at(*model.next_time()));
    const std::size_t expected = model.pop();
    detail::Event& popped = queue.pop();
    RC_ASSERT(&popped == &*events[expected]);
    RC_ASSERT(!popped.scheduled());
    RC_ASSERT(queue.instant() == at(model.instant()));
  };
  for (const QueueAction& action : program) {
    auto& event = events[action.event];
    switch (action.kind) {
      case QueueAction::Kind::schedule:
        queue.schedule(*event, at(action.time));
        model.schedule(action.event, action.time);
        RC_ASSERT(event->when() == at(action.time));
        break;
      case QueueAction::Kind::schedule_soon:
        queue.schedule(*event, at(model.instant() + action.time / 8));
        model.schedule(action.event, model.instant() + action.time / 8);
        break;
      case QueueAction::Kind::pop:
        if (!queue.empty()) pop();
        break;
      case QueueAction::Kind::cancel:
        event->cancel();
        model.remove(action.event);
        break;
      case QueueAction::Kind::destroy:
        event.emplace();
        model.remove(action.event);
        break;
      case QueueAction::Kind::advance: {
        const std::int64_t to = std::min(action.time, model.next_time().value_or(action.time));
        queue.advance(at(to));
        model.advance(to);
        break;
      }
    }
    RC_ASSERT(queue.size() == model.size());
    RC_ASSERT(event->scheduled() == model.scheduled(action.event));
  }
  while (model.size() != 0) pop();
  RC_ASSERT(queue.empty());
}

/// An event that knows how often it was scheduled.
class Counted final : public detail::Event {
 public:
  void fire() override {}
  std::uint64_t order = 0;
};

PROPERTY("thousands of events that are far away fire in order, whatever was moved and cancelled meanwhile") {
  const auto count = *rc::gen::inRange<std::size_t>(1, 3000);
  const auto spread = std::uint64_t{1} << *rc::gen::inRange(0, 50);
  const Choices random(*rc::gen::arbitrary<std::uint64_t>());
  std::uint64_t drawn = 0;
  const auto draw = [&](std::uint64_t below) { return random.entropy(Site{1}, drawn++) % below; };
  detail::EventQueue queue(*rc::gen::element<std::size_t>(2, 16, 256));
  queue.advance(at(0));
  std::vector<Counted> events(count);
  std::uint64_t order = 0;
  const auto schedule = [&](Counted& event) {
    queue.schedule(event, queue.instant() + Duration(static_cast<std::int64_t>(draw(spread))));
    event.order = ++order;
  };
  for (Counted& event : events) schedule(event);
  std::size_t scheduled = count;
  TimePoint last_time = queue.instant();
  std::uint64_t last_order = 0;
  for (std::size_t step = 0; scheduled != 0; ++step) {
    RC_ASSERT(queue.size() == scheduled);
    const TimePoint when = queue.next_time();
    auto& event = static_cast<Counted&>(queue.pop());
    --scheduled;
    RC_ASSERT(event.when() == when);
    RC_ASSERT(when > last_time || (when == last_time && event.order > last_order));
    last_time = when;
    last_order = event.order;
    // Half of them come again; now and then another one is cancelled, or moved.
    if (step < 2 * count && draw(2) == 0) {
      schedule(event);
      ++scheduled;
    }
    Counted& other = events[draw(count)];
    const std::uint64_t action = draw(4);
    if (other.scheduled() && action == 0) {
      other.cancel();
      --scheduled;
    } else if (other.scheduled() && action == 1) {
      schedule(other);
    }
  }
  RC_ASSERT(queue.empty());
}

}  // namespace
}  // namespace twinwire
