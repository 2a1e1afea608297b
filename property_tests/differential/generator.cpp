#include "generator.hpp"

#include "../one_of.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace twinwire::differential {
namespace {

using property::one_of;

/// So few that their small writes fit into all buffers.
constexpr int steps_max = 14;

/// How often each action is drawn, the simplest first.
using Weights = std::vector<std::pair<std::size_t, Action>>;

Weights weights_of(Kind kind, int side) {
  switch (kind) {
    case Kind::tcp:
    case Kind::tls:
    case Kind::unix_socket:
      return {{12, Action::write},    {3, Action::writelines}, {4, Action::pause},
              {4, Action::resume},    {2, Action::cork},       {2, Action::uncork},
              {2, Action::limits},    {3, Action::hold},       {2, Action::switch_protocol},
              {1, Action::start_tls}, {3, Action::write_eof},  {2, Action::close},
              {1, Action::abort}};
    case Kind::pipe:
      return {{12, Action::write},    {3, Action::writelines}, {4, Action::pause},
              {4, Action::resume},    {2, Action::cork},       {2, Action::uncork},
              {2, Action::limits},    {3, Action::hold},       {2, Action::switch_protocol},
              {3, Action::write_eof}, {2, Action::close},      {1, Action::abort}};
    case Kind::udp:
      return {{12, Action::write}, {2, Action::limits}, {1, Action::close}, {1, Action::abort}};
    case Kind::subprocess:
      if (side == 0) {
        return {{12, Action::write},       {3, Action::pause},        {3, Action::resume},
                {2, Action::limits},       {2, Action::write_eof},    {1, Action::close_stdin},
                {1, Action::close_stdout}, {1, Action::close_stderr}, {3, Action::terminate},
                {3, Action::interrupt},    {1, Action::kill},         {1, Action::close},
                {1, Action::abort}};
      }
      return {{9, Action::write},        {6, Action::write_stderr},  {3, Action::pause},
              {3, Action::resume},       {4, Action::catch_signals}, {1, Action::close_stdin},
              {1, Action::close_stdout}, {1, Action::close_stderr},  {2, Action::exit}};
  }
  return {};
}

rc::Gen<std::uint32_t> sizes_of(Kind kind) {
  switch (kind) {
    case Kind::tcp:
    case Kind::tls:
    case Kind::unix_socket:
      return rc::gen::weightedOneOf<std::uint32_t>(
          {{19, one_of<std::uint32_t>({1, 0, 2, 10, 100, 1000, 5000})},
           {1, rc::gen::just<std::uint32_t>(2'000'000)}});
    case Kind::pipe:
    case Kind::subprocess:
      return rc::gen::weightedOneOf<std::uint32_t>(
          {{9, one_of<std::uint32_t>({1, 0, 2, 10, 100, 1000, 3000})}, {1, rc::gen::just(large_size)}});
    case Kind::udp:
      return one_of<std::uint32_t>({1, 0, 10, 1000, 1400, 9000, 70'000});
  }
  return rc::gen::just<std::uint32_t>(1);
}

rc::Gen<Step> steps_of(Kind kind, int side) {
  std::size_t total = 0;
  const Weights weights = weights_of(kind, side);
  for (const auto& [weight, action] : weights) total += weight;
  rc::Gen<Action> actions =
      rc::gen::map(rc::gen::inRange<std::size_t>(0, total), [weights](std::size_t drawn) {
        for (const auto& [weight, action] : weights) {
          if (drawn < weight) return action;
          drawn -= weight;
        }
        return Action::write;
      });
  return rc::gen::map(rc::gen::build<Step>(rc::gen::set(&Step::side, rc::gen::just(side)),
                                           rc::gen::set(&Step::action, std::move(actions)),
                                           rc::gen::set(&Step::size, sizes_of(kind)),
                                           rc::gen::set(&Step::joined, one_of({false, false, true}))),
                      [](Step step) {
                        if (!takes_size(step.action)) step.size = 0;
                        if (step.action == Action::exit) step.size %= 256;
                        return step;
                      });
}

/// While a large write is held back by a cork, how much of it has come depends on the system.
void uncork_large_writes(std::vector<Step>& steps) {
  if (std::ranges::none_of(steps, writes_much)) return;
  std::erase_if(steps, [](const Step& step) { return step.action == Action::cork; });
}

/// While both ends shake hands nothing is sent in clear.
void start_tls_alone(std::vector<Step>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].action != Action::start_tls) continue;
    steps[i].joined = false;
    if (i != 0) steps[i - 1].joined = false;
  }
}

}  // namespace

rc::Gen<Program> programs(Kind kind) {
  const rc::Gen<Step> steps = rc::gen::oneOf(steps_of(kind, 0), steps_of(kind, 1));
  return rc::gen::map(rc::gen::resize(steps_max, rc::gen::container<std::vector<Step>>(
                                                     rc::gen::resize(rc::kNominalSize, steps))),
                      [kind](std::vector<Step> steps) {
                        uncork_large_writes(steps);
                        start_tls_alone(steps);
                        if (!steps.empty()) steps.back().joined = false;
                        return Program{kind, std::move(steps)};
                      });
}

}  // namespace twinwire::differential
