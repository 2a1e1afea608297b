#include <twinwire/net/operations/wait_operation.hpp>
#include <twinwire/net/sleep.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace twinwire::detail {
namespace {

class Sleep final : public WaitOperation {
 public:
  Sleep(Loop& loop, VoidCompletion done) : WaitOperation(loop, std::move(done), "sleep") {}
  void start(TimePoint when) {
    timer_ = loop().call_at(when, [self = Ref<Sleep>(this)] { self->complete(); });
  }

 private:
  void stop_waiting() noexcept override { timer_.cancel(); }

  Handle timer_;
};

}  // namespace

Operation start_sleep(Loop& loop, TimePoint when, VoidCompletion done) {
  if (loop.is_closed()) throw std::logic_error("sleep: the loop is closed");
  const auto operation = make_ref<Sleep>(loop, std::move(done));
  operation->start(when);
  return Operation(operation);
}

std::string to_text(Duration duration) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 3> units{
      {{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}}};
  for (const auto& [size, name] : units) {
    if (duration.count() % size == 0) return std::to_string(duration.count() / size) + name;
  }
  return std::to_string(duration.count()) + " ns";
}

}  // namespace twinwire::detail
