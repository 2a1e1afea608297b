#include <twinwire/traces/seed_set.hpp>

#include <fmt/format.h>

namespace twinwire::traces {

void SeedSet::add(std::uint64_t seed) {
  if (contains(seed)) return;
  const auto after = ranges_.upper_bound(seed);
  // What begins right behind it becomes a part of its range. The largest seed has nothing behind it.
  const bool joins_next = after != ranges_.end() && after->first == seed + 1;
  const std::uint64_t last = joins_next ? after->second : seed;
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    if (before->second == seed - 1) {
      before->second = last;
      if (joins_next) ranges_.erase(after);
      return;
    }
  }
  if (joins_next) ranges_.erase(after);
  ranges_.emplace(seed, last);
}

bool SeedSet::contains(std::uint64_t seed) const {
  const auto after = ranges_.upper_bound(seed);
  return after != ranges_.begin() && std::prev(after)->second >= seed;
}

std::optional<std::uint64_t> SeedSet::first_missing(std::uint64_t first, std::uint64_t last) const {
  const auto after = ranges_.upper_bound(first);
  if (after == ranges_.begin() || std::prev(after)->second < first) return first;
  const std::uint64_t done_until = std::prev(after)->second;
  if (done_until >= last) return std::nullopt;
  return done_until + 1;
}

std::string SeedSet::in_words(std::size_t ranges_max) const {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [first, last] : ranges_) {
    if (shown++ == ranges_max) return text + ", ...";
    if (!text.empty()) text += ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{}..{}", first, last);
  }
  return text.empty() ? "none" : text;
}

}  // namespace twinwire::traces
