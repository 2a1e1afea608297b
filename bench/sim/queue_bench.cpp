// The floor under everything: the bare event queue, and timers through a loop.
#include <twinwire/net/choices.hpp>
#include <twinwire/net/events/event_queue.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

using namespace twinwire;

constexpr Site delays{12345};
constexpr std::uint64_t spread_ns = 1'000'000;

class Tick final : public detail::Event {
 public:
  void fire() override {}
};

/// Takes the next event and schedules it again, at a random later time: two of these are the least that a
/// round trip can cost.
void bare_event_queue(benchmark::State& state) {
  const auto pending = static_cast<std::size_t>(state.range(0));
  const Choices choices(1);
  detail::EventQueue queue;
  queue.advance(TimePoint{});
  std::vector<Tick> ticks(pending);
  std::uint64_t drawn = 0;
  const auto later = [&](TimePoint now) {
    return now + Duration(1 + choices.entropy(delays, drawn++) % spread_ns);
  };
  for (Tick& tick : ticks) queue.schedule(tick, later(TimePoint{}));
  for (auto _ : state) {
    detail::Event& event = queue.pop();
    event.fire();
    queue.schedule(event, later(queue.instant()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_event_queue)->ArgName("pending")->Arg(2)->Arg(200)->Arg(2000);

/// call_later, run, and call_later again from the callback, with so many timers alive.
void timers(benchmark::State& state) {
  const auto live = static_cast<std::uint64_t>(state.range(0));
  sim::WorldOptions options;
  options.events_max = ~std::uint64_t{0};
  options.time_max = Duration::max();
  sim::World world(1, options);
  Loop& loop = world.add_host("host").loop();
  const Choices choices(1);
  std::uint64_t fired = 0;
  std::uint64_t drawn = 0;
  struct Rearm {
    Loop& loop;
    const Choices& choices;
    std::uint64_t& fired;
    std::uint64_t& drawn;
    std::uint64_t spread;
    void operator()() const {
      ++fired;
      loop.call_later(Duration(1 + choices.entropy(delays, drawn++) % spread), *this);
    }
  };
  // As far apart as real timers are: a microsecond between two on the average.
  const Rearm rearm{loop, choices, fired, drawn, live * 2000};
  for (std::uint64_t i = 0; i < live; ++i) rearm();
  const std::uint64_t before = fired;
  for (auto _ : state) {
    const std::uint64_t target = fired + 1000;
    while (fired < target) world.step();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(fired - before));
}
BENCHMARK(timers)->ArgName("live")->Arg(100)->Arg(10'000)->Arg(1'000'000);

}  // namespace
