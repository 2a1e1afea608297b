// Which seeds have been done, told in a few ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace twinwire::traces {

/// A set of seeds, kept as ranges: workers are not in step, but nearly.
class SeedSet {
 public:
  void add(std::uint64_t seed);
  bool contains(std::uint64_t seed) const;
  /// The smallest seed of `first` to `last` that is not in it.
  std::optional<std::uint64_t> first_missing(std::uint64_t first, std::uint64_t last) const;
  /// "1..640, 705, 770..832", with "..." in place of what is behind the first ranges.
  std::string in_words(std::size_t ranges_max = 8) const;
  bool empty() const noexcept { return ranges_.empty(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  ///< first to last, both included
};

}  // namespace twinwire::traces
