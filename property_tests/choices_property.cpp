// Decisions are drawn by address: in range, fair, and independent of each other.
#include "property.hpp"

#include <twinwire/net/choices.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace twinwire {
namespace {

constexpr std::array<Purpose, 4> purposes{{{"jitter", "{entity}: {outcome} later"},
                                           {"loss", "{entity}: lost at {major}, try {minor}"},
                                           {"cut", "{entity}: cut after {end}"},
                                           {"", ""}}};

/// One draw: where, and which of the three kinds.
struct Draw {
  std::string entity;
  std::size_t purpose;
  std::uint64_t ordinal;
  enum class Kind : std::uint8_t { plain, rare, weighted } kind;
  std::uint64_t range;
  std::vector<std::uint32_t> weights;

  DecisionAddress address() const { return {entity, std::string(purposes[purpose].name), ordinal}; }
  /// Outcomes are below this.
  std::uint64_t end() const {
    return kind == Kind::plain ? range : kind == Kind::rare ? range + 1 : weights.size();
  }
};

void showValue(const Draw& draw, std::ostream& os) {
  os << draw.entity << "/" << purposes[draw.purpose].name << "/" << draw.ordinal << " of " << draw.end();
}

rc::Gen<Draw> draws() {
  return rc::gen::build<Draw>(
      rc::gen::set(&Draw::entity, property::one_of<std::string>({"a", "a>b:80#1", "", "client<server:7#12"})),
      rc::gen::set(&Draw::purpose, rc::gen::inRange<std::size_t>(0, purposes.size())),
      rc::gen::set(&Draw::ordinal, rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 20),
                                                  rc::gen::arbitrary<std::uint64_t>())),
      rc::gen::set(&Draw::kind, rc::gen::element(Draw::Kind::plain, Draw::Kind::rare, Draw::Kind::weighted)),
      rc::gen::set(&Draw::range, rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 70),
                                                rc::gen::inRange<std::uint64_t>(1, UINT64_MAX))),
      rc::gen::set(&Draw::weights, rc::gen::map(rc::gen::arbitrary<std::vector<std::uint32_t>>(),
                                                [](std::vector<std::uint32_t> weights) {
                                                  weights.push_back(1);
                                                  return weights;
                                                })));
}

std::uint64_t perform(Choices& choices, const Draw& draw) {
  const Site site = choices.site(draw.entity, purposes[draw.purpose]);
  switch (draw.kind) {
    case Draw::Kind::plain:
      return choices.draw(site, draw.ordinal, draw.range);
    case Draw::Kind::rare:
      return choices.draw_rare(site, draw.ordinal, {1, 3}, draw.range);
    case Draw::Kind::weighted:
      return choices.draw_weighted(site, draw.ordinal, draw.weights);
  }
  return 0;
}

rc::Gen<std::uint64_t> seeds() {
  return rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
}

PROPERTY("an override changes the outcome at its own address and at no other") {
  const auto seed = *seeds();
  const auto base = *rc::gen::element(Base::seed, Base::calm);
  const auto all = *rc::gen::nonEmpty(rc::gen::container<std::vector<Draw>>(draws()));
  const Draw& pinned = *rc::gen::elementOf(all);
  const auto outcome = *rc::gen::inRange<std::uint64_t>(0, 80);

  Choices plain(seed, base);
  Choices changed(seed, base);
  changed.override_outcome(pinned.address(), outcome);
  for (const Draw& draw : all) {
    const std::uint64_t before = perform(plain, draw);
    const std::uint64_t after = perform(changed, draw);
    if (draw.address() == pinned.address()) {
      RC_ASSERT(after == (outcome < draw.end() ? outcome : 0));
    } else {
      RC_ASSERT(after == before);
    }
  }
  RC_ASSERT(changed.unreached_overrides().empty());
}

PROPERTY("every outcome is within its range, and a calm base gives 0") {
  const auto seed = *seeds();
  const Draw draw = *draws();
  Choices from_seed(seed);
  RC_ASSERT(perform(from_seed, draw) < draw.end());
  Choices calm(seed, Base::calm);
  RC_ASSERT(perform(calm, draw) == 0U);
  const Site site = calm.site(draw.entity, purposes[draw.purpose]);
  RC_ASSERT(calm.entropy(site, draw.ordinal) == from_seed.entropy(site, draw.ordinal));
}

PROPERTY("a weight of zero is never chosen, and odds of zero and of one are certain") {
  const auto seed = *seeds();
  const Draw draw = *draws();
  Choices choices(seed);
  const Site site = choices.site(draw.entity, purposes[draw.purpose]);
  RC_ASSERT(draw.weights[choices.draw_weighted(site, draw.ordinal, draw.weights)] != 0U);
  RC_ASSERT(choices.draw_rare(site, draw.ordinal, {0, 5}, draw.range) == 0U);
  const std::uint64_t certain = choices.draw_rare(site, draw.ordinal, {5, 5}, draw.range);
  RC_ASSERT(certain >= 1U);
  RC_ASSERT(certain <= draw.range);
}

/// Half as often and twice as often as expected is far outside of what chance does with so many draws.
void require_fair(const std::vector<std::uint64_t>& counts, std::uint64_t expected) {
  for (const std::uint64_t count : counts) {
    RC_ASSERT(count * 2 > expected);
    RC_ASSERT(count < expected * 2);
  }
}

PROPERTY("outcomes are about equally likely over ordinals and over seeds") {
  constexpr std::uint64_t draws_each = 200;
  const auto seed = *seeds();
  const auto range = *rc::gen::inRange<std::uint64_t>(2, 12);
  std::vector<std::uint64_t> over_ordinals(range);
  std::vector<std::uint64_t> over_seeds(range);
  std::vector<std::uint64_t> over_rare(range);
  std::uint64_t rare = 0;
  for (std::uint64_t i = 0; i < draws_each * range; ++i) {
    Choices same(seed);
    const Site site = same.site("client>server:80#1", purposes[0]);
    ++over_ordinals[same.draw(site, i, range)];
    // Rare ones, one in four, are fair among themselves.
    if (const std::uint64_t hit = same.draw_rare(site, i + (1ULL << 40), {1, 4}, range); hit != 0) {
      ++rare;
      ++over_rare[hit - 1];
    }
    Choices other(seed + i);
    ++over_seeds[other.draw(other.site("client>server:80#1", purposes[1]), 7, range)];
  }
  require_fair(over_ordinals, draws_each);
  require_fair(over_seeds, draws_each);
  require_fair({rare}, draws_each * range / 4);
  // About 50 of each: a third and three times as often is far out.
  for (const std::uint64_t count : over_rare) {
    RC_ASSERT(count * 3 > draws_each / 4);
    RC_ASSERT(count < 3 * draws_each / 4);
  }
}

PROPERTY("a weight is chosen about as often as its share") {
  const auto seed = *seeds();
  const auto weights = *rc::gen::container<std::vector<std::uint32_t>>(*rc::gen::inRange<std::size_t>(1, 6),
                                                                       rc::gen::inRange<std::uint32_t>(1, 5));
  std::uint64_t total = 0;
  for (const std::uint32_t weight : weights) total += weight;
  std::vector<std::uint64_t> counts(weights.size());
  Choices choices(seed);
  const Site site = choices.site("x", purposes[2]);
  constexpr std::uint64_t draws_each = 150;
  for (std::uint64_t i = 0; i < draws_each * total; ++i) ++counts[choices.draw_weighted(site, i, weights)];
  for (std::size_t i = 0; i < weights.size(); ++i) require_fair({counts[i]}, draws_each * weights[i]);
}

PROPERTY("recorded decisions are exactly those that were not calm, and pin the same outcomes") {
  const auto seed = *seeds();
  // Draws at one address are of one kind and range, as everywhere in the simulation.
  const auto all =
      *rc::gen::uniqueBy<std::vector<Draw>>(draws(), [](const Draw& draw) { return draw.address(); });
  Choices recording(seed);
  recording.record();
  std::map<DecisionAddress, std::uint64_t> outcomes;
  for (int round = 0; round < 2; ++round) {
    for (const Draw& draw : all) outcomes[draw.address()] = perform(recording, draw);
  }
  Choices pinned(seed, Base::calm);
  std::set<DecisionAddress> recorded;
  for (const Decision& decision : recording.decisions()) {
    RC_ASSERT(decision.outcome != 0U);
    RC_ASSERT(recorded.insert(decision.address).second);
    pinned.override_outcome(decision.address, decision.outcome);
  }
  for (const Draw& draw : all) {
    const std::uint64_t outcome = outcomes[draw.address()];
    RC_ASSERT(recorded.contains(draw.address()) == (outcome != 0));
    RC_ASSERT(perform(pinned, draw) == outcome);
  }
}

}  // namespace
}  // namespace twinwire
