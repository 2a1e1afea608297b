// Two contenders in turns, so that what disturbs the machine disturbs both.
#pragma once

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// One of the two: what it is called, and what one slice of work cost it, in microseconds per unit.
struct Contender {
  std::string name;
  std::function<double()> slice;
};

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Runs `pairs` slices of each, one after the other and the other way round, after one of each that does not
/// count, and prints both and their ratio: median of the pairs, and smallest over smallest.
inline void compare_in_pairs(const std::string& title, const char* unit, long long pairs,
                             const Contender& one, const Contender& base) {
  std::vector<double> costs[2];
  std::vector<double> ratios;
  one.slice();
  base.slice();
  for (long long pair = 0; pair < pairs; ++pair) {
    double cost[2] = {};
    const int first = static_cast<int>(pair % 2);
    for (const int which : {first, 1 - first}) cost[which] = (which == 0 ? one : base).slice();
    for (const int which : {0, 1}) costs[which].push_back(cost[which]);
    ratios.push_back(cost[0] / cost[1]);
  }
  const double smallest[2] = {*std::min_element(costs[0].begin(), costs[0].end()),
                              *std::min_element(costs[1].begin(), costs[1].end())};
  std::printf("%s; us of %s, median and smallest of %lld slices each\n", title.c_str(), unit, pairs);
  for (const int which : {0, 1}) {
    std::printf("  %-10s %9.3f %9.3f\n", (which == 0 ? one : base).name.c_str(), median(costs[which]),
                smallest[which]);
  }
  std::printf("  ratio      %9.3f %9.3f\n", median(ratios), smallest[0] / smallest[1]);
}

}  // namespace bench
