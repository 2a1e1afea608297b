#include "allowed.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace twinwire::differential {
namespace {

bool ends(const Step& step) {
  return step.action == Action::close || step.action == Action::abort || step.action == Action::kill ||
         step.action == Action::terminate;
}

bool sends(const Step& step) {
  return step.action == Action::write || step.action == Action::writelines ||
         step.action == Action::uncork || step.action == Action::write_eof;
}

bool is_data(std::string_view event) {
  return event.starts_with("DR:") || event.starts_with("BU:");
}

bool is_reset(std::string_view event) {
  return event == "CL: Connection reset by peer";
}

/// Without the data directly in front of a reset.
std::vector<std::string> without_last_data(std::vector<std::string> events) {
  if (events.empty() || !is_reset(events.back())) return events;
  const std::string end = events.back();
  events.pop_back();
  while (!events.empty() && is_data(events.back())) events.pop_back();
  events.push_back(end);
  return events;
}

}  // namespace

bool is_crossing(Kind, Group group) {
  for (const Step& ending : group) {
    if (!ends(ending)) continue;
    for (const Step& other : group) {
      if (other.side != ending.side && (sends(other) || ends(other))) return true;
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

bool same(const Observation& simulated, const Observation& real, bool overfull) {
  if (simulated == real) return true;
  return overfull && simulated.state == real.state &&
         without_last_data(simulated.events) == without_last_data(real.events);
}

}  // namespace twinwire::differential
