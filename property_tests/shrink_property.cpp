// Shrinking only ever simplifies. The runs are made up: they fail when all the guilty decisions are there.
#include "property.hpp"

#include <twinwire/traces/shrink.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace twinwire::traces {

/// A decision of the made-up run.
struct MadeUp {
  std::uint64_t outcome = 1;
  /// The failure needs it, with at least this outcome; 0: it does not matter.
  std::uint64_t needed = 0;
  /// It is part of another failure, which is not the one to be shrunk.
  bool decoy = false;
  /// It is only met if the decision of this index is not calm.
  std::optional<std::size_t> parent;
};

void showValue(const MadeUp& decision, std::ostream& os) {
  os << decision.outcome << " (needed " << decision.needed << (decision.decoy ? ", decoy" : "");
  if (decision.parent) os << ", below " << *decision.parent;
  os << ")";
}

namespace {

using Decisions = std::vector<MadeUp>;
constexpr std::uint64_t seed = 42;

rc::Gen<Decisions> runs() {
  const auto decision = rc::gen::apply(
      [](std::uint64_t outcome, bool guilty, std::uint64_t needed, bool decoy) {
        return MadeUp{outcome, guilty ? 1 + needed % outcome : 0, decoy, {}};
      },
      rc::gen::inRange<std::uint64_t>(1, 70), rc::gen::weightedElement<bool>({{4, false}, {1, true}}),
      rc::gen::arbitrary<std::uint64_t>(), rc::gen::weightedElement<bool>({{8, false}, {1, true}}));
  return rc::gen::container<Decisions>(decision);
}

DecisionAddress address_of(std::size_t index) {
  return {"connection " + std::to_string(index % 3), "cut", index};
}

/// Runs the made-up simulation; the failure has another signature if the decoys make it fail first.
class MadeUpRunner {
 public:
  explicit MadeUpRunner(Decisions decisions) : decisions_(std::move(decisions)) {}

  RunOutcome operator()(const RunRequest& request) {
    ++runs;
    RunOutcome outcome;
    outcome.seed = request.seed;
    std::map<DecisionAddress, std::uint64_t> pinned(request.overrides.begin(), request.overrides.end());
    std::vector<std::uint64_t> fell(decisions_.size());
    for (std::size_t i = 0; i < decisions_.size(); ++i) {
      const MadeUp& decision = decisions_[i];
      const bool met = !decision.parent || fell[*decision.parent] != 0;
      const auto found = pinned.find(address_of(i));
      if (!met) {
        if (found != pinned.end()) outcome.unreached.push_back(address_of(i));
        continue;
      }
      fell[i] = found != pinned.end() ? found->second : request.base == Base::seed ? decision.outcome : 0;
      if (fell[i] != 0) outcome.decisions.push_back({address_of(i), fell[i], "in words"});
    }
    bool guilty = true;
    bool decoyed = false;
    for (std::size_t i = 0; i < decisions_.size(); ++i) {
      guilty = guilty && (decisions_[i].needed == 0 || fell[i] >= decisions_[i].needed);
      decoyed = decoyed || (decisions_[i].decoy && fell[i] != 0);
    }
    outcome.failed = guilty || decoyed;
    if (guilty) outcome.signature = {"exception", "server", "std::logic_error", "it broke"};
    if (!guilty && decoyed) outcome.signature = {"exception", "server", "std::logic_error", "something else"};
    return outcome;
  }

  std::uint64_t runs = 0;

 private:
  Decisions decisions_;
};

/// The decisions that the failure cannot do without: the guilty ones, and those that make them be met.
std::set<DecisionAddress> necessary(const Decisions& decisions) {
  std::set<DecisionAddress> addresses;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].needed == 0) continue;
    for (std::optional<std::size_t> at = i; at; at = decisions[*at].parent) addresses.insert(address_of(*at));
  }
  return addresses;
}

Decisions run_with_parents() {
  Decisions decisions = *runs();
  for (std::size_t i = 1; i < decisions.size(); ++i) {
    if (*rc::gen::inRange(0, 4) == 0) decisions[i].parent = *rc::gen::inRange<std::size_t>(0, i);
  }
  return decisions;
}

PROPERTY("shrinking leaves the decisions that the failure needs, with no larger outcomes, and no others") {
  const Decisions decisions = run_with_parents();
  MadeUpRunner runner(decisions);
  const RunOutcome failing = runner({seed, Base::seed, {}, false});
  runner.runs = 0;
  std::uint64_t told = 0;
  ShrinkOptions options;
  options.progress = [&](std::uint64_t runs, std::size_t left) {
    RC_ASSERT(runs >= told);
    RC_ASSERT(left <= decisions.size());
    told = runs;
  };
  const ShrinkResult result =
      shrink(failing, [&](const RunRequest& request) { return runner(request); }, options);

  RC_ASSERT(result.reduced);
  RC_ASSERT(result.runs == runner.runs);
  RC_ASSERT(result.decisions_before == decisions.size());
  RC_ASSERT((result.request.base == Base::calm));
  RC_ASSERT(result.request.overrides.size() <= decisions.size());
  std::set<DecisionAddress> kept;
  for (const auto& [address, outcome] : result.request.overrides) {
    RC_ASSERT(kept.insert(address).second);
    RC_ASSERT(address == address_of(address.ordinal));
    RC_ASSERT(outcome >= 1U);
    RC_ASSERT(outcome <= decisions.at(address.ordinal).outcome);
  }
  RC_ASSERT((kept == necessary(decisions)));
  RC_ASSERT((runner(result.request).signature == failing.signature));
  RC_ASSERT((result.outcome.signature == failing.signature));
  for (std::size_t i = 0; i < result.request.overrides.size(); ++i) {
    RunRequest without = result.request;
    without.overrides.erase(without.overrides.begin() + static_cast<std::ptrdiff_t>(i));
    RC_ASSERT((runner(without).signature != failing.signature));
  }
}

PROPERTY("shrinking stops when its runs are used up, and what it has by then still fails") {
  const Decisions decisions = run_with_parents();
  MadeUpRunner runner(decisions);
  const RunOutcome failing = runner({seed, Base::seed, {}, false});
  ShrinkOptions options;
  options.runs_max = *rc::gen::inRange<std::uint64_t>(1, 40);
  runner.runs = 0;
  const ShrinkResult result =
      shrink(failing, [&](const RunRequest& request) { return runner(request); }, options);
  RC_ASSERT(runner.runs <= options.runs_max);
  RC_ASSERT((runner(result.request).signature == failing.signature));
  RC_ASSERT(result.request.overrides.size() <= decisions.size());
}

PROPERTY("a failure that cannot be had from a calm base is left as its seed") {
  const Decisions decisions = *runs();
  MadeUpRunner runner(decisions);
  const Runner run = [&](const RunRequest& request) {
    RunOutcome outcome = runner(request);
    outcome.failed = request.base == Base::seed;
    outcome.signature = {"exception", "", "", outcome.failed ? "only with the seed" : ""};
    return outcome;
  };
  const ShrinkResult result = shrink(run({seed, Base::seed, {}, false}), run);
  RC_ASSERT(!result.reduced);
  RC_ASSERT((result.request.base == Base::seed));
  RC_ASSERT(result.request.seed == seed);
  RC_ASSERT(result.request.overrides.empty());
}

}  // namespace
}  // namespace twinwire::traces
