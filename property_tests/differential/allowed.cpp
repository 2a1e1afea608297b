#include "allowed.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace twinwire::differential {
namespace {

/// A cork may be all that holds back the end of a side that is closing.
bool ends(const Step& step, const Sight& before) {
  const bool closing = before[static_cast<std::size_t>(step.side)].state.starts_with("closing");
  if (step.action == Action::uncork && closing) return true;
  return step.action == Action::close || step.action == Action::abort || step.action == Action::kill ||
         step.action == Action::terminate;
}

bool sends(const Step& step) {
  return step.action == Action::write || step.action == Action::writelines || step.action == Action::uncork ||
         step.action == Action::write_eof;
}

bool is_data(std::string_view event) {
  return event.starts_with("DR:") || event.starts_with("BU:");
}

/// Without the data directly in front of the end.
std::vector<std::string> without_last_data(std::vector<std::string> events) {
  const auto is_end = [](const std::string& event) { return event == "ER" || event.starts_with("CL"); };
  const auto end = std::ranges::find_if(events, is_end);
  if (end == events.end()) return events;  // the rest is still to come
  auto data = end;
  while (data != events.begin() && is_data(*(data - 1))) --data;
  events.erase(data, end);
  return events;
}

bool ends_with_error(const std::vector<std::string>& events) {
  return !events.empty() && events.back().starts_with("CL: ");
}

std::vector<std::string> errors_first(std::vector<std::string> events) {
  bool refused = false;
  std::erase_if(events, [&](const std::string& event) {
    return event == "EE: Connection refused" && std::exchange(refused, true);
  });
  std::vector<std::string> errors;
  for (const std::string& event : events) {
    if (event.starts_with("EE")) errors.push_back(event);
  }
  std::erase_if(events, [](const std::string& event) { return event.starts_with("EE"); });
  std::ranges::sort(errors);
  errors.insert(errors.end(), events.begin(), events.end());
  return errors;
}

}  // namespace

bool is_crossing(Kind kind, Group group, const Sight& before) {
  for (const Step& step : group) {
    const bool other_open = before[static_cast<std::size_t>(1 - step.side)].state.starts_with("open");
    // Behind what it sends there may be an end that waited for it.
    if (step.action == Action::uncork && !other_open) return true;
    for (const Step& next : group) {
      const bool same_side = next.side == step.side;
      if (ends(step, before) && !same_side && (sends(next) || ends(next, before))) return true;
      if (sends(step) && sends(next) && same_side && &next != &step && !other_open) return true;
      const bool ends_twice = same_side && step.action == Action::write_eof && ends(next, before);
      if (ends_twice && kind == Kind::unix_socket) return true;
    }
  }
  return false;
}

std::string wrong_after_crossing(const Sight& sight) {
  constexpr std::array allowed{"CL", "CL: Connection reset by peer", "CL: Broken pipe"};
  for (const Observation& side : sight) {
    if (side.events.empty()) continue;
    if (std::ranges::find(allowed, side.events.back()) == allowed.end()) {
      return "ended with " + side.events.back();
    }
    for (const std::string& event : side.events) {
      if (event.starts_with("WRONG")) return event;
    }
    if (std::ranges::count(side.events, "ER") > 1) return "eof_received twice";
  }
  return {};
}

bool same(Kind kind, const Observation& simulated, const Observation& real, Cut cut) {
  if (simulated == real) return true;
  if (simulated.state != real.state) return false;
  if (kind == Kind::udp) return errors_first(simulated.events) == errors_first(real.events);
  if (cut == Cut::never || (cut == Cut::by_error && !ends_with_error(real.events))) return false;
  return without_last_data(simulated.events) == without_last_data(real.events);
}

}  // namespace twinwire::differential
