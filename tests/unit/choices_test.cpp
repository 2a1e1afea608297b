// Addressed decisions, by example; property_tests/ has what holds for all of them.
#include <twinwire/net/choices.hpp>

#include <array>
#include <cstdint>
#include <set>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

constexpr Purpose cut{"cut", "{entity}: the segment at byte {ordinal} was cut after byte {end}"};
constexpr Purpose loss{"loss", "{entity}: the segment at byte {major} was lost (try {minor}), {outcome}"};

TEST_CASE("a decision depends on seed, entity, purpose and ordinal, and on nothing that was drawn before") {
  Choices choices(7);
  const std::uint64_t first = choices.draw(choices.site("a", cut), 3, 1'000'000);
  Choices others(7);
  for (std::uint64_t i = 0; i < 100; ++i) others.draw(others.site("b", cut), i, 10);
  CHECK(others.draw(others.site("a", cut), 3, 1'000'000) == first);

  Choices other_seed(8);
  const std::set<std::uint64_t> different{first, other_seed.draw(other_seed.site("a", cut), 3, 1'000'000),
                                          choices.draw(choices.site("b", cut), 3, 1'000'000),
                                          choices.draw(choices.site("a", loss), 3, 1'000'000),
                                          choices.draw(choices.site("a", cut), 4, 1'000'000)};
  CHECK(different.size() == 5);
}

TEST_CASE("a decision says in words what it did") {
  Choices choices(1, Base::calm);
  choices.record();
  choices.override_outcome({"client>server:80#1", "cut", 100}, 17);
  choices.override_outcome({"client<server:80#1", "loss", paired_ordinal(4096, 2)}, 1);
  CHECK(choices.draw_rare(choices.site("client<server:80#1", loss), paired_ordinal(4096, 2), {0, 1}, 1) == 1);
  CHECK(choices.draw(choices.site("client>server:80#1", cut), 100, 50) == 17);
  const auto decisions = choices.decisions();
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0].sentence == "client<server:80#1: the segment at byte 4096 was lost (try 2), 1");
  CHECK(decisions[1].sentence == "client>server:80#1: the segment at byte 100 was cut after byte 117");
  CHECK(decisions[1].address == DecisionAddress{"client>server:80#1", "cut", 100});
}

TEST_CASE("an override that no draw has reached is told, and one that is out of range counts as calm") {
  Choices choices(1);
  choices.override_outcome({"a", "cut", 5}, 9);
  choices.override_outcome({"a", "cut", 6}, 1);
  CHECK(choices.unreached_overrides().size() == 2);
  CHECK(choices.draw(choices.site("a", cut), 5, 9) == 0);
  REQUIRE(choices.unreached_overrides().size() == 1);
  CHECK(choices.unreached_overrides().front() == DecisionAddress{"a", "cut", 6});
}

TEST_CASE("the last override of an address counts") {
  Choices choices(1);
  choices.override_outcome({"a", "cut", 5}, 3);
  choices.override_outcome({"a", "cut", 5}, 4);
  CHECK(choices.draw(choices.site("a", cut), 5, 10) == 4);
}

TEST_CASE("a purpose may be gone when the decisions are read") {
  Choices choices(5);
  choices.record();
  choices.override_outcome({"a", "cut", 3}, 4);
  Site site;
  {
    Purpose local = cut;
    site = choices.site("a", local);
    local = loss;
  }
  choices.draw(site, 3, 10);
  REQUIRE(choices.decisions().size() == 1);
  CHECK(choices.decisions()[0].sentence == "a: the segment at byte 3 was cut after byte 7");
}

TEST_CASE("entropy is that of the seed, also on a calm base, and is not recorded") {
  Choices choices(5);
  Choices calm(5, Base::calm);
  calm.record();
  CHECK(choices.entropy(choices.site("a", cut), 1) == calm.entropy(calm.site("a", cut), 1));
  CHECK(choices.entropy(choices.site("a", cut), 1) != choices.entropy(choices.site("a", cut), 2));
  CHECK(calm.decisions().empty());
}

TEST_CASE("weights decide how often, and their order which index") {
  Choices choices(11);
  const Site site = choices.site("a", cut);
  const std::array<std::uint32_t, 4> weights{0, 3, 0, 1};
  std::array<int, 4> counts{};
  for (std::uint64_t i = 0; i < 4000; ++i) ++counts.at(choices.draw_weighted(site, i, weights));
  CHECK(counts[0] == 0);
  CHECK(counts[2] == 0);
  CHECK(counts[1] > 2800);
  CHECK(counts[1] < 3200);
}

TEST_CASE("seeds that are neighbours do not decide in step") {
  // The outcomes of two addresses over seeds 1 to 4000, together: all 16 pairs come up about equally often.
  std::array<std::array<int, 4>, 4> pairs{};
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Choices choices(seed);
    const std::uint64_t a = choices.draw(choices.site("client>server:80#1", cut), 0, 4);
    const std::uint64_t b = choices.draw(choices.site("client>server:80#1", loss), 0, 4);
    ++pairs.at(a).at(b);
  }
  for (const auto& row : pairs) {
    for (const int count : row) {
      CHECK(count > 190);
      CHECK(count < 310);
    }
  }
}

TEST_CASE("weights that are all zero leave nothing to choose") {
  Choices choices(1);
  const std::vector<std::uint32_t> none{0, 0};
  CHECK_THROWS_AS(choices.draw_weighted(Site{1}, 0, none), std::invalid_argument);
}

}  // namespace
}  // namespace twinwire
