#include "player.hpp"

#include "allowed.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <vector>

namespace twinwire::differential {
namespace {

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
    const bool both = step.action == Action::start_tls;
    if (both && !(ends.sides[0]->can_start_tls() && ends.sides[1]->can_start_tls())) continue;
    for (const int side : {0, 1}) {
      if (both || step.side == side) ends.sides[static_cast<std::size_t>(side)]->perform(step);
    }
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

/// What may be cut off of what this side writes.
Cut cut_of(const Program& program, int side) {
  const auto does = [&](auto&& condition) {
    return std::ranges::any_of(program.steps,
                               [&](const Step& step) { return step.side == side && condition(step); });
  };
  if (!does(writes_much)) return Cut::never;
  if (does([](const Step& step) { return step.action == Action::abort; })) return Cut::by_abort;
  // What ends a child is not what writes.
  const bool ends =
      program.kind == Kind::subprocess || does([](const Step& step) { return step.action == Action::close; });
  return ends ? Cut::by_error : Cut::never;
}

/// What a program asks for, and what of it may come out differently.
struct Plan {
  explicit Plan(const Program& program) : kind(program.kind), groups(groups_of(program)) {
    const auto starts_tls = [](const Step& step) { return step.action == Action::start_tls; };
    secure = kind == Kind::tls || std::ranges::any_of(program.steps, starts_tls);
    groups.push_back(last_steps());
    for (const int side : {0, 1}) cuts[static_cast<std::size_t>(1 - side)] = cut_of(program, side);
  }

  bool same(const Sight& simulated, const Sight& real) const {
    return differential::same(kind, simulated[0], real[0], cuts[0]) &&
           differential::same(kind, simulated[1], real[1], cuts[1]);
  }

  bool may_become_same(const Sight& simulated, const Sight& real) const {
    return differential::may_become_same(kind, simulated[0], real[0], cuts[0]) &&
           differential::may_become_same(kind, simulated[1], real[1], cuts[1]);
  }

  Kind kind;
  bool secure = false;
  std::vector<Group> groups;
  /// What may be missing at each side.
  std::array<Cut, 2> cuts{};
};

std::vector<Sight> run_simulated(const Plan& plan, Ground& ground) {
  const auto anything = [] { return true; };
  const Ends ends = ground.connect(plan.kind);
  std::vector<Sight> sights{sight_of(ends)};
  for (const Group group : plan.groups) {
    perform(group, ends);
    ground.settle(anything);
    sights.push_back(sight_of(ends));
  }
  end(ends, ground);
  sights.push_back(sight_of(ends));
  return sights;
}

/// Why the real run is another one.
std::string compare_real(const Plan& plan, const std::vector<Sight>& expected, Ground& ground) {
  const Ends ends = ground.connect(plan.kind);
  std::string text;
  bool crossed = false;
  for (std::size_t i = 0; i <= plan.groups.size() && text.empty(); ++i) {
    if (i != 0) crossed |= is_crossing(plan.kind, plan.groups[i - 1], expected[i - 1]);
    if (i != 0) perform(plan.groups[i - 1], ends);
    ground.settle([&] {
      if (crossed) return true;
      const Sight seen = sight_of(ends);
      return plan.same(expected[i], seen) || !plan.may_become_same(expected[i], seen);
    });
    const Sight seen = sight_of(ends);
    if (crossed || plan.same(expected[i], seen)) continue;
    text = i == 0 ? "after connecting\n" : "after " + group_text(plan.groups[i - 1]) + "\n";
    text += describe("simulated", expected[i]) + describe("real", seen);
  }
  end(ends, ground);
  if (!text.empty()) return text;
  // Whether they are the same or not: what is wrong may be so on both grounds.
  for (const Sight& last : {expected.back(), sight_of(ends)}) {
    text = forbidden(last);
    if (text.empty() && (crossed || plan.kind == Kind::subprocess)) {
      text = wrong_at_end(plan.kind, plan.secure, last);
    }
    if (text.empty()) continue;
    return text + "\n" + describe("simulated", expected.back()) + describe("real", sight_of(ends));
  }
  return text;
}

}  // namespace

std::string difference(const Program& program, Ground& simulated, Ground& real) {
  try {
    const Plan plan(program);
    return compare_real(plan, run_simulated(plan, simulated), real);
  } catch (const std::exception& error) {
    return std::string(error.what()) + "\n";
  }
}

}  // namespace twinwire::differential
