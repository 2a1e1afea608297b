#include "search.hpp"

#include "generator.hpp"
#include "player.hpp"

#include <algorithm>
#include <cstdio>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <rapidcheck/detail/TestListenerAdapter.h>

namespace twinwire::differential {
namespace {

/// On a terminal: how many programs have been run.
class Progress final : public rc::detail::TestListenerAdapter {
 public:
  explicit Progress(Kind kind) : kind_(kind), terminal_(::isatty(STDERR_FILENO) != 0) {}
  void onTestCaseFinished(const rc::detail::CaseDescription&) override {
    if (++count_ % 500 == 0 && terminal_) {
      std::fprintf(stderr, "\r%s: %d", std::string(name_of(kind_)).c_str(), count_);
    }
  }

 private:
  Kind kind_;
  bool terminal_;
  int count_ = 0;
};

/// Until one program differed, which was then made shorter as long as it did.
struct Round {
  int passed = 0;
  std::vector<Program> differing;  ///< the shortest last
};

Round run_round(const Search& search, Grounds& grounds) {
  Round round;
  rc::detail::TestParams params;
  params.seed = search.seed;
  params.maxSuccess = search.programs;
  const std::string name = "differential " + std::string(name_of(search.kind));
  Progress progress(search.kind);
  const rc::detail::TestResult result = rc::detail::checkTestable(
      [&] {
        const Program program = *programs(search.kind);
        const std::string text = grounds.difference(program);
        if (text.empty()) return;
        round.differing.push_back(program);
        RC_FAIL(text);
      },
      rc::detail::TestMetadata{name, name}, params, progress,
      std::unordered_map<std::string, rc::detail::Reproduce>());
  if (result.is<rc::detail::SuccessResult>()) {
    round.passed = search.programs;
  } else if (result.is<rc::detail::FailureResult>() && !round.differing.empty()) {
    round.passed = result.get<rc::detail::FailureResult>().numSuccess;
  } else {
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    throw std::runtime_error(text.str());
  }
  return round;
}

}  // namespace

Grounds::Grounds(Duration patience, const std::array<Plant, 2>& plants)
    : patience_(patience), plants_(plants) {
  renew();
}

void Grounds::renew() {
  simulated_ = simulated_ground(plants_[0]);
  real_ = real_ground(patience_, plants_[1]);
}

std::string Grounds::difference(const Program& program) {
  std::string text = differential::difference(program, *simulated_, *real_);
  if (!text.empty()) renew();
  return text;
}

std::optional<Find> find_difference(Search search, Grounds& grounds, const Confirm& confirm) {
  for (int passed = 0; search.programs > 0; ++search.seed) {
    const Round round = run_round(search, grounds);
    passed += round.passed;
    for (const Program& program : round.differing | std::views::reverse) {
      std::string text = confirm(program);
      if (!text.empty()) return Find{program, std::move(text), passed};
    }
    // Nothing but a machine that was busy: the others are still to be run.
    search.programs -= round.passed + 1;
    ++passed;
  }
  return std::nullopt;
}

}  // namespace twinwire::differential
