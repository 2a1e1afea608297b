// The event queue where it is rarely brought by chance.
#include <twinwire/net/events/event_queue.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

class Numbered final : public detail::Event {
 public:
  void fire() override {}
};

TimePoint at(std::int64_t ticks) {
  return TimePoint(Duration(ticks));
}

TEST_CASE("events that are overdue come in order, also where a wheel was emptied and begins again") {
  detail::EventQueue queue(2);
  std::map<std::int64_t, Numbered> events;
  const auto schedule = [&](std::int64_t when) { queue.schedule(events[when], at(when)); };
  const auto pop = [&] {
    detail::Event& event = queue.pop();
    return event.when();
  };
  queue.advance(at(0));
  for (const std::int64_t when : {100, 300, 1000, 200}) schedule(when);
  CHECK(pop() == at(100));
  schedule(250);
  CHECK(pop() == at(200));
  // The instant is 200: these are late, and fill the heap, so that the wheel begins before the instant.
  for (const std::int64_t when : {50, 60, 70}) schedule(when);
  for (const std::int64_t when : {250, 300, 1000, 60, 70}) events[when].cancel();
  for (const std::int64_t when : {40, 80, 210}) schedule(when);
  std::vector<TimePoint> popped;
  while (!queue.empty()) popped.push_back(pop());
  CHECK(popped == std::vector{at(40), at(50), at(80), at(210)});
}

}  // namespace
}  // namespace twinwire
