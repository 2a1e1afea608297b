#include "player.hpp"

#include <exception>
#include <functional>
#include <span>

namespace twinwire::differential {
namespace {

/// Steps that follow each other while no loop runs.
using Group = std::span<const Step>;

std::vector<Group> groups_of(const Program& program) {
  std::vector<Group> groups;
  const std::span<const Step> steps(program.steps);
  for (std::size_t begin = 0, i = 0; i < steps.size(); ++i) {
    if (steps[i].joined && i + 1 < steps.size()) continue;
    groups.push_back(steps.subspan(begin, i + 1 - begin));
    begin = i + 1;
  }
  return groups;
}

Sight sight_of(const Ends& ends) {
  Sight sight;
  for (const std::size_t side : {0U, 1U}) {
    if (ends.sides[side]) sight[side] = ends.sides[side]->observation();
  }
  return sight;
}

void perform(Group group, const Ends& ends) {
  for (const Step& step : group) {
    if (const auto& side = ends.sides[static_cast<std::size_t>(step.side)]) side->perform(step);
  }
}

/// The steps that show what was held back until then.
Group last_steps() {
  static const std::vector<Step> steps{{0, Action::resume, 0, true}, {1, Action::resume, 0, false}};
  return steps;
}

void end(const Ends& ends, Ground& ground) {
  for (const auto& side : ends.sides) {
    if (side) side->end();
  }
  ground.settle([&] {
    for (const auto& side : ends.sides) {
      if (side && !side->lost()) return false;
    }
    return true;
  });
}

std::string describe(const char* name, const Sight& sight) {
  std::string text;
  for (const std::size_t side : {0U, 1U}) {
    text += "  " + std::string(name) + ", side " + std::to_string(side) + ":";
    for (const std::string& event : sight[side].events) text += " [" + event + "]";
    text += " " + sight[side].state + "\n";
  }
  return text;
}

std::string group_text(Group group) {
  std::string text;
  for (const Step& step : group) text += (text.empty() ? "" : " & ") + to_text(step);
  return text;
}

std::vector<Sight> run_simulated(const std::vector<Group>& groups, Kind kind, Ground& ground) {
  const auto anything = [] { return true; };
  const Ends ends = ground.connect(kind);
  std::vector<Sight> sights{sight_of(ends)};
  for (const Group group : groups) {
    perform(group, ends);
    ground.settle(anything);
    sights.push_back(sight_of(ends));
  }
  end(ends, ground);
  sights.push_back(sight_of(ends));
  return sights;
}

}  // namespace

std::string difference(const Program& program, Ground& simulated, Ground& real) {
  std::vector<Group> groups = groups_of(program);
  groups.push_back(last_steps());
  try {
    const std::vector<Sight> expected = run_simulated(groups, program.kind, simulated);
    const Ends ends = real.connect(program.kind);
    std::string text;
    for (std::size_t i = 0; i <= groups.size(); ++i) {
      if (i != 0) perform(groups[i - 1], ends);
      real.settle([&] { return sight_of(ends) == expected[i]; });
      const Sight seen = sight_of(ends);
      if (seen == expected[i]) continue;
      text = i == 0 ? "after connecting\n" : "after " + group_text(groups[i - 1]) + "\n";
      text += describe(simulated.name(), expected[i]) + describe(real.name(), seen);
      break;
    }
    end(ends, real);
    return text;
  } catch (const std::exception& error) {
    return std::string(error.what()) + "\n";
  }
}

}  // namespace twinwire::differential
