// Water marks beside the rules of the contract (FLOW-01 to FLOW-07, D1, D2), in arithmetic without limits.
#include "property.hpp"

#include <twinwire/net/state/flow_control.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

namespace twinwire {
namespace {

__extension__ typedef __int128 wide;

struct WriterAction {
  enum class Kind : std::uint8_t { grow, drain, limits } kind;
  std::size_t size;
  std::optional<std::ptrdiff_t> high;
  std::optional<std::ptrdiff_t> low;
};

std::ostream& operator<<(std::ostream& os, const std::optional<std::ptrdiff_t>& mark) {
  return mark ? os << *mark : os << "none";
}

void showValue(const WriterAction& action, std::ostream& os) {
  if (action.kind == WriterAction::Kind::limits) {
    os << "limits(high " << action.high << ", low " << action.low << ")";
  } else {
    os << (action.kind == WriterAction::Kind::grow ? "grow(" : "drain(") << action.size << ")";
  }
}

rc::Gen<std::optional<std::ptrdiff_t>> marks() {
  using Mark = std::optional<std::ptrdiff_t>;
  const auto some = [](std::ptrdiff_t value) { return Mark(value); };
  constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max();
  return rc::gen::oneOf(
      rc::gen::just(Mark{}), rc::gen::map(rc::gen::inRange<std::ptrdiff_t>(-2, 30), some),
      rc::gen::map(rc::gen::inRange<std::ptrdiff_t>(0, 100'000), some),
      rc::gen::map(property::one_of<std::ptrdiff_t>({most, most / 4, most / 4 + 1, -most - 1}), some));
}

rc::Gen<WriterAction> writer_actions() {
  using Kind = WriterAction::Kind;
  return rc::gen::build<WriterAction>(
      rc::gen::set(&WriterAction::kind,
                   rc::gen::weightedElement<Kind>({{3, Kind::grow}, {3, Kind::drain}, {2, Kind::limits}})),
      rc::gen::set(&WriterAction::size, rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 40),
                                                       rc::gen::inRange<std::size_t>(0, 90'000))),
      rc::gen::set(&WriterAction::high, marks()), rc::gen::set(&WriterAction::low, marks()));
}

struct Model {
  wide high = 64 * 1024;
  wide low = 16 * 1024;
  wide size = 0;
  bool paused = false;

  /// False: rejected, nothing is changed.
  bool set_limits(const WriterAction& action) {
    const wide new_high = action.high ? *action.high : action.low ? wide{4} * *action.low : 64 * 1024;
    const wide new_low = action.low ? wide{*action.low} : new_high / 4;
    if (new_low < 0 || new_high < 0 || new_low > new_high) return false;
    // What no buffer can reach need not be told apart.
    high = std::min<wide>(new_high, std::numeric_limits<std::ptrdiff_t>::max());
    low = new_low;
    return true;
  }
};

PROPERTY("water marks pause strictly above high and resume at or below low, in alternation") {
  const auto program = *rc::gen::container<std::vector<WriterAction>>(writer_actions());
  detail::FlowControl flow;
  Model model;
  for (const WriterAction& action : program) {
    if (action.kind == WriterAction::Kind::limits) {
      const bool accepted = model.set_limits(action);
      try {
        flow.set_limits(action.high, action.low);
        RC_ASSERT(accepted);
      } catch (const std::invalid_argument&) {
        RC_ASSERT(!accepted);
      }
      RC_ASSERT(wide{flow.limits().high} == model.high);
      RC_ASSERT(wide{flow.limits().low} == model.low);
    }
    if (action.kind == WriterAction::Kind::grow) model.size += static_cast<wide>(action.size);
    if (action.kind == WriterAction::Kind::drain) {
      model.size = std::max<wide>(0, model.size - static_cast<wide>(action.size));
      const bool resumes = model.paused && model.size <= model.low;
      RC_ASSERT(flow.should_resume(static_cast<std::size_t>(model.size)) == resumes);
      if (resumes) model.paused = false;
    } else {
      const bool pauses = !model.paused && model.size > model.high;
      RC_ASSERT(flow.should_pause(static_cast<std::size_t>(model.size)) == pauses);
      if (pauses) model.paused = true;
    }
    RC_ASSERT(flow.paused() == model.paused);
  }
}

}  // namespace
}  // namespace twinwire
