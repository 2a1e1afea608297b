// What commands that take options and times have in common.
#pragma once

#include "store.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace resp {

inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

/// Whether an argument is that option, in any case. `name` is in lower case.
inline bool is_option(std::string_view argument, std::string_view name) noexcept {
  if (argument.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = argument[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != name[i]) return false;
  }
  return true;
}

/// `amount` units after `now`; nothing if no such moment can be told. It may be in the past.
inline std::optional<Store::Milliseconds> moment_after(Store::Milliseconds now, std::int64_t amount,
                                                       std::int64_t unit_ms) noexcept {
  std::int64_t moment = 0;
  if (__builtin_mul_overflow(amount, unit_ms, &moment) || __builtin_add_overflow(moment, now, &moment) ||
      moment == Store::never) {
    return std::nullopt;
  }
  return moment;
}

}  // namespace resp
