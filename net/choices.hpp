// Every nondeterministic decision of a run, drawn by address and not by order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinwire {

/// A kind of decision. Its texts are literals: they are not copied.
struct Purpose {
  /// Short and stable: it is part of the address that a repro file names.
  std::string_view name;
  /// The decision in words, once it was not calm. `{entity}`, `{ordinal}`, `{outcome}`, `{end}` (the ordinal
  /// plus the outcome), `{major}` and `{minor}` (of a `paired_ordinal`) are replaced.
  std::string_view sentence;
};

/// The first two thirds of an address: which entity, and for what. Made by `Choices::site`.
struct Site {
  std::uint64_t key = 0;
  auto operator<=>(const Site&) const = default;
};

/// One ordinal made of two numbers: a byte offset and an attempt, say. `minor` is below 65,536.
constexpr std::uint64_t paired_ordinal(std::uint64_t major, std::uint64_t minor) noexcept {
  return major << 16 | minor;
}

/// A probability as a ratio of integers.
struct Odds {
  std::uint32_t numerator = 0;
  std::uint32_t denominator = 1;
};

/// Where a decision is drawn, in words that survive a change of program.
struct DecisionAddress {
  std::string entity;
  std::string purpose;
  /// What distinguishes decisions of one site: a byte offset, an attempt. Structural, never a call count.
  std::uint64_t ordinal = 0;
  auto operator<=>(const DecisionAddress&) const = default;
};

/// A decision and how it fell. Outcome 0 is calm by convention.
struct Decision {
  DecisionAddress address;
  std::uint64_t outcome = 0;
  std::string sentence;
};

/// Where outcomes come from when no override names them.
enum class Base : std::uint8_t {
  seed,  ///< from the seed
  calm,  ///< 0: no jitter, no cut, no loss, first in first out
};

/// The source of all decisions. A value depends on (seed, site, ordinal) alone, so an override leaves every
/// other address's value as it was. One thread at a time.
class Choices {
 public:
  explicit Choices(std::uint64_t seed, Base base = Base::seed) noexcept;

  std::uint64_t seed() const noexcept { return seed_; }
  Base base() const noexcept { return base_; }

  /// The site of a purpose at an entity.
  Site site(std::string_view entity, const Purpose& purpose);

  /// An outcome in [0, range), all equally likely. `range` is at least 1.
  std::uint64_t draw(Site site, std::uint64_t ordinal, std::uint64_t range) {
    if (plain_) return scale(raw(site, ordinal), range);
    return decide(site, ordinal, scale(raw(site, ordinal), range), range);
  }

  /// The index of one of the weights, each as likely as its share. Throws std::invalid_argument if all are 0.
  std::uint64_t draw_weighted(Site site, std::uint64_t ordinal, std::span<const std::uint32_t> weights);

  /// 0, or with the given odds one of 1 to `range`, all equally likely.
  std::uint64_t draw_rare(Site site, std::uint64_t ordinal, Odds odds, std::uint64_t range) {
    if (plain_) return rare(raw(site, ordinal), odds, range);
    return decide(site, ordinal, rare(raw(site, ordinal), odds, range), range + 1);
  }

  /// 64 random bits for user code. Entropy has no calm value: a calm run gets those of its seed, and they
  /// are neither recorded nor overridden.
  std::uint64_t entropy(Site site, std::uint64_t ordinal) const noexcept { return raw(site, ordinal); }

  /// Pins an outcome. One that is out of range when its address is reached counts as calm.
  void override_outcome(const DecisionAddress& address, std::uint64_t outcome);

  /// Keeps every decision that is not calm, to be read with `decisions()`.
  void record();
  /// The recorded decisions, in the order in which they were first drawn.
  std::vector<Decision> decisions() const;
  /// The overrides whose address no draw has reached.
  std::vector<DecisionAddress> unreached_overrides() const;

 private:
  struct Override {
    std::uint64_t outcome;
    bool reached;
    DecisionAddress address;
  };
  struct SiteName {
    std::string entity;
    Purpose purpose;
  };
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  static std::uint64_t scale(std::uint64_t bits, std::uint64_t range) noexcept;
  static std::uint64_t rare(std::uint64_t bits, Odds odds, std::uint64_t range) noexcept;
  std::uint64_t raw(Site site, std::uint64_t ordinal) const noexcept;
  std::uint64_t decide(Site site, std::uint64_t ordinal, std::uint64_t drawn, std::uint64_t range);

  std::uint64_t seed_;
  std::uint64_t seed_key_;
  Base base_;
  bool recording_ = false;
  /// True while outcomes are simply those of the seed: the fast path.
  bool plain_ = base_ == Base::seed;
  std::map<Key, Override> overrides_;
  std::map<std::uint64_t, SiteName> names_;
  std::vector<std::pair<Key, std::uint64_t>> recorded_;
  std::map<Key, std::size_t> recorded_index_;
};

namespace detail {

__extension__ typedef unsigned __int128 uint128;

/// Multiplies to 128 bits and folds: a strong and very cheap mixing step.
constexpr std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Spreads a number over all bits (the finaliser of splitmix64). Seeds are mostly neighbours, 1 to 1000, and
/// a single multiplication would leave their outcomes in step with each other.
constexpr std::uint64_t spread(std::uint64_t bits) noexcept {
  bits += 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

}  // namespace detail

inline Choices::Choices(std::uint64_t seed, Base base) noexcept
    : seed_(seed), seed_key_(detail::spread(seed)), base_(base) {}

inline std::uint64_t Choices::raw(Site site, std::uint64_t ordinal) const noexcept {
  const std::uint64_t mixed =
      detail::multiply_fold(site.key ^ 0xa0761d6478bd642fULL, ordinal ^ 0xe7037ed1a0b428dbULL);
  return detail::multiply_fold(mixed ^ 0x8ebc6af09c88c6e3ULL, seed_key_ ^ site.key);
}

inline std::uint64_t Choices::scale(std::uint64_t bits, std::uint64_t range) noexcept {
  return static_cast<std::uint64_t>((static_cast<detail::uint128>(bits) * range) >> 64);
}

inline std::uint64_t Choices::rare(std::uint64_t bits, Odds odds, std::uint64_t range) noexcept {
  const detail::uint128 product = static_cast<detail::uint128>(bits) * odds.denominator;
  if (static_cast<std::uint64_t>(product >> 64) >= odds.numerator) return 0;
  return 1 + scale(static_cast<std::uint64_t>(product), range);
}

}  // namespace twinwire
