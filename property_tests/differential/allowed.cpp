#include "allowed.hpp"

#include <algorithm>
#include <array>
#include <map>
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

/// Without uncorking where there is no cork, which is nothing.
std::vector<Step> without_idle_uncorks(Group group, const Sight& before) {
  std::array<bool, 2> corked{};
  for (const std::size_t side : {0U, 1U}) corked[side] = before[side].state.ends_with("is corked");
  std::vector<Step> steps;
  for (const Step& step : group) {
    bool& of_side = corked[static_cast<std::size_t>(step.side)];
    of_side |= step.action == Action::cork;
    if (step.action != Action::uncork || of_side) steps.push_back(step);
  }
  return steps;
}

bool sends(const Step& step) {
  return step.action == Action::write || step.action == Action::writelines || step.action == Action::uncork ||
         step.action == Action::write_eof;
}

/// How much of what comes in turns lies in the layer, and how much below it, depends on how it comes. A Unix
/// socket that is closed tells by its end whether anything was unread there.
bool rests_on_layer(Kind kind, const Observation& side) {
  return kind == Kind::unix_socket && std::ranges::find(side.events, "start_tls") != side.events.end();
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

// --- child processes ---

/// Of the events of a child or its parent: those that come in a certain order are of one stream.
std::string stream_of(std::string_view event) {
  if (event.starts_with("PD") || event.starts_with("PL")) return std::string(event.substr(2, 1));
  if (event.starts_with("DR") || event == "ER") return "0";
  return std::string(event.substr(0, event.find(':')));
}

/// What each stream tells. Unless `cut` is never: without the number of bytes that came before the end of one
/// which a signal has ended.
std::vector<std::string> by_stream(const std::vector<std::string>& events, Cut cut) {
  std::map<std::string, std::vector<std::string>> streams;
  std::map<std::string, std::uint64_t> data;
  for (const std::string& event : events) {
    const std::string stream = stream_of(event);
    const bool is_data = event.starts_with("PD") || event.starts_with("DR");
    if (is_data) data[stream] += std::stoull(event.substr(event.find(':') + 1));
    std::vector<std::string>& told = streams[stream];
    if (!is_data || told.empty() || told.back() != "data") told.push_back(is_data ? "data" : event);
  }
  std::vector<std::string> told;
  const bool ended =
      std::ranges::any_of(events, [](const std::string& event) { return event.starts_with("CL"); });
  if (!events.empty()) told = {events.front(), ended ? "ended" : "goes on"};
  const bool died =
      std::ranges::any_of(events, [](const std::string& event) { return event.starts_with("PX:-"); });
  for (const auto& [stream, of_stream] : streams) {
    told.insert(told.end(), of_stream.begin(), of_stream.end());
    const bool is_cut = cut != Cut::never && died && of_stream.back() == "PL" + stream;
    if (!is_cut) told.push_back(stream + " of " + std::to_string(data[stream]));
  }
  return told;
}

/// These end the child, unless it catches them.
bool is_signal(const Step& step) {
  return step.action == Action::terminate || step.action == Action::interrupt;
}

/// The last two: by a broken pipe.
bool ends_child(const Step& step, const Sight& before) {
  const auto closes = [&](const char* stream) {
    return before[0].state.find(std::string("closes ") + stream) != std::string::npos;
  };
  return step.action == Action::kill || step.action == Action::close || step.action == Action::abort ||
         step.action == Action::exit ||
         (step.side == 1 && step.action == Action::write && closes("stdout")) ||
         (step.action == Action::write_stderr && closes("stderr"));
}

bool ends_stream(const Step& step) {
  return step.action == Action::close_stdin || step.action == Action::close_stdout ||
         step.action == Action::close_stderr;
}

/// The child does what it does whenever the system lets it.
bool is_crossing_of_processes(Group group, const Sight& before) {
  for (const Step& step : group) {
    for (const Step& next : group) {
      const bool same_side = next.side == step.side;
      const bool moves = sends(next) || ends_stream(next) || next.action == Action::write_stderr ||
                         next.action == Action::resume;
      if ((ends_child(step, before) || is_signal(step)) && &next != &step) {
        if (next.action == Action::catch_signals) return true;
        // The first of them is what ends a child, but a handler may be late.
        const bool both_end = is_signal(next) || ends_child(next, before);
        if (both_end && (!same_side || before[1].state.ends_with("catches signals"))) return true;
        // How much of it has come when something else ends the child depends on the system.
        if (next.side == 1 && writes_much(next) && step.action != Action::exit) return true;
        if (moves && (step.side == 0 || !same_side)) return true;
      }
      if (ends_stream(step) && !same_side && moves) return true;
      const bool reads_no_more =
          next.action == Action::pause || next.action == Action::close_stdin || next.action == Action::exit;
      if (step.side == 1 && step.action == Action::resume && same_side && reads_no_more) return true;
      if (step.side == 1 && step.action == Action::pause && !same_side && (sends(next) || ends_stream(next)))
        return true;
    }
  }
  return false;
}

std::string wrong_at_end_of_process(const Sight& sight) {
  std::vector<std::string> parent = sight[0].events;
  std::erase_if(parent, [](const std::string& event) { return event.find(" threw ") != std::string::npos; });
  if (parent.empty()) return {};
  if (parent.back() != "CL") return "ended with " + parent.back();
  for (const char* stream : {"PL0", "PL1", "PL2", "PX"}) {
    const auto of_stream = [&](const std::string& event) { return event.starts_with(stream); };
    if (std::ranges::count_if(parent, of_stream) != 1) return std::string("not one ") + stream;
    const std::string& end = *std::ranges::find_if(parent, of_stream);
    if (end.find(": ") != std::string::npos && end != "PL0: Broken pipe") return end;
  }
  return {};
}

}  // namespace

bool is_crossing(Kind kind, Group group, const Sight& before) {
  if (kind == Kind::subprocess) return is_crossing_of_processes(group, before);
  const std::vector<Step> steps = without_idle_uncorks(group, before);
  for (const Step& step : steps) {
    const bool other_open = before[static_cast<std::size_t>(1 - step.side)].state.starts_with("open");
    // Behind what it sends there may be an end that waited for it.
    if (step.action == Action::uncork && !other_open) return true;
    for (const Step& next : steps) {
      const bool same_side = next.side == step.side;
      if (ends(step, before) && !same_side && (sends(next) || ends(next, before))) return true;
      const bool comes_in_turns = sends(step) && sends(next) && same_side && &next != &step;
      if (comes_in_turns &&
          (!other_open || rests_on_layer(kind, before[static_cast<std::size_t>(1 - step.side)])))
        return true;
      const bool ends_twice = same_side && step.action == Action::write_eof && ends(next, before);
      const bool looks_again = !same_side && next.action == Action::resume && ends(step, before);
      if ((ends_twice || looks_again) && kind == Kind::unix_socket) return true;
    }
  }
  return false;
}

std::string forbidden(const Sight& sight) {
  for (const Observation& side : sight) {
    for (const std::string& event : side.events) {
      if (event.starts_with("WRONG")) return event;
    }
    if (std::ranges::count(side.events, "ER") > 1) return "eof_received twice";
    if (side.state != "lost") return "not lost at the end, but " + side.state;
  }
  return {};
}

std::string wrong_at_end(Kind kind, bool secure, const Sight& sight) {
  if (kind == Kind::subprocess) return wrong_at_end_of_process(sight);
  std::vector<std::string_view> allowed{"CL", "CL: Connection reset by peer", "CL: Broken pipe"};
  if (secure) allowed.emplace_back("CL: stream truncated");
  for (const Observation& side : sight) {
    if (side.events.empty()) continue;
    if (std::ranges::find(allowed, side.events.back()) == allowed.end()) {
      return "ended with " + side.events.back();
    }
  }
  return {};
}

bool same(Kind kind, const Observation& simulated, const Observation& real, Cut cut) {
  if (simulated == real) return true;
  if (simulated.state != real.state) return false;
  if (kind == Kind::udp) return errors_first(simulated.events) == errors_first(real.events);
  if (kind == Kind::subprocess) {
    return by_stream(simulated.events, cut) == by_stream(real.events, cut);
  }
  if (cut == Cut::never || (cut == Cut::by_error && !ends_with_error(real.events))) return false;
  return without_last_data(simulated.events) == without_last_data(real.events);
}

bool may_become_same(Kind kind, const Observation& simulated, const Observation& real, Cut cut) {
  if (kind == Kind::udp || kind == Kind::subprocess) {
    return std::ranges::all_of(real.events, [&](const std::string& event) {
      const bool grows = is_data(event) || event.starts_with("PD");
      return grows || std::ranges::find(simulated.events, event) != simulated.events.end();
    });
  }
  if (cut != Cut::never) return true;
  const auto [expected, seen] = std::ranges::mismatch(simulated.events, real.events);
  if (seen == real.events.end()) return true;
  const bool grows = seen + 1 == real.events.end() && is_data(*seen);
  if (!grows || expected == simulated.events.end() || expected->substr(0, 3) != seen->substr(0, 3))
    return false;
  return std::stoull(seen->substr(3)) < std::stoull(expected->substr(3));
}

}  // namespace twinwire::differential
