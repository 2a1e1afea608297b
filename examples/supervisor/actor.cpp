#include "actor.hpp"

#include <twinwire/net/sleep.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <stdexcept>

namespace supervisor {
namespace {

using twinwire::awaitable;
using twinwire::Choices;
using twinwire::Odds;
using twinwire::Purpose;
using twinwire::sim::Process;
using namespace std::chrono_literals;

constexpr Purpose life_purpose{"life", "{entity}: ended by itself behind line {outcome} less 1"};
constexpr Purpose end_purpose{"end", "{entity}: its end by itself was of kind {outcome}"};
constexpr Purpose manners_purpose{"manners", "{entity}: took SIGTERM in way {outcome}"};
constexpr Purpose clean_up_purpose{"clean-up",
                                   "{entity}: took {outcome}/10 of two seconds to end after SIGTERM"};

constexpr Odds mortal{3, 4};
constexpr std::uint64_t lines_max = 100;
constexpr twinwire::Duration line_every = 100ms;

enum End : std::uint64_t { success, failure, shot, end_count };
/// Ended by it at once; ends in order, some time later; does nothing.
enum Manners : std::uint64_t { plain, polite, deaf, manners_count };

/// In the record for as long as the process lives, however that ends.
class Entry {
 public:
  Entry(std::shared_ptr<Record> record, const std::string& child, twinwire::sim::Host& host)
      : record_(std::move(record)), child_(child), host_(host) {
    if (record_->alive(child_) != 0) throw std::logic_error("a second process of " + child_);
    record_->lives[child_].push_back({host_.world().time(), {}, {}});
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  /// It ends in order.
  void set_lines(std::uint64_t count) { record_->lives[child_].back().lines = static_cast<int>(count); }
  ~Entry() { record_->lives[child_].back().over = host_.world().time(); }

 private:
  std::shared_ptr<Record> record_;
  std::string child_;
  twinwire::sim::Host& host_;
};

awaitable<int> act(Process& process, std::shared_ptr<Record> record) {
  Entry entry(std::move(record), process.arguments().at(0), process.host());
  twinwire::Loop& loop = process.loop();
  Choices& choices = loop.choices();
  const auto site = [&](const Purpose& purpose) { return choices.site(process.name(), purpose); };
  const std::uint64_t lines = choices.draw_rare(site(life_purpose), 0, mortal, lines_max);
  const std::uint64_t manners = choices.draw(site(manners_purpose), 0, manners_count);
  bool asked = false;
  if (manners != plain) loop.add_signal_handler(SIGTERM, [&] { asked = manners == polite; });
  std::uint64_t number = 0;
  for (; (lines == 0 || number < lines) && !asked; ++number) {
    process.out().write("line ");
    co_await twinwire::sleep_for(loop, line_every / 2);
    process.out().write(std::to_string(number) + "\n");
    co_await twinwire::sleep_for(loop, line_every / 2);
  }
  if (asked) {
    const auto tenths = static_cast<std::int64_t>(choices.draw(site(clean_up_purpose), 0, 11));
    co_await twinwire::sleep_for(loop, tenths * 200ms);
  }
  const std::uint64_t end = asked ? std::uint64_t{success} : choices.draw(site(end_purpose), 0, end_count);
  if (end == shot) {
    process.kill();
    co_await twinwire::sleep_for(loop, line_every);
  }
  // Last words: they are still in the pipe when the process is gone.
  process.out().write("line " + std::to_string(number) + "\n");
  entry.set_lines(number + 1);
  co_return end == failure ? 1 : 0;
}

}  // namespace

int Record::alive(const std::string& child) const {
  const auto found = lives.find(child);
  if (found == lives.end()) return 0;
  return static_cast<int>(std::ranges::count_if(found->second, [](const Life& life) { return !life.over; }));
}

twinwire::sim::Program actor(std::shared_ptr<Record> record) {
  return [record = std::move(record)](Process& process) { return act(process, record); };
}

}  // namespace supervisor
