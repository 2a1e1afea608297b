// Cutting a stream of bytes in every way that matters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace resp::testing {

using Pieces = std::vector<std::string_view>;

/// Calls `check` with the stream whole, cut once at each place, cut twice at each pair of places up to
/// `two_cuts_max` bytes apart, and byte by byte.
template <class Check>
void for_all_cuts(std::string_view stream, Check check, std::size_t two_cuts_max = 12) {
  check(Pieces{stream});
  Pieces bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  check(bytes);
  for (std::size_t a = 1; a < stream.size(); ++a) {
    check(Pieces{stream.substr(0, a), stream.substr(a)});
    for (std::size_t b = a + 1; b < stream.size() && b <= a + two_cuts_max; ++b) {
      check(Pieces{stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)});
    }
  }
}

}  // namespace resp::testing
