// What either side accepts from its peer at most. The numbers are those of Redis.
#pragma once

#include <cstddef>
#include <cstdint>

namespace resp {

struct ParserLimits {
  /// Bytes in one bulk.
  std::int64_t bulk_length_max = 512LL * 1024 * 1024;
  /// Bulks in one command, elements in one array.
  std::int64_t multibulk_length_max = 1024 * 1024;
  /// Bytes in one line: an inline command, a length, a status, an error.
  std::size_t line_length_max = 64 * 1024;
  /// Bytes of one command or reply, all in all. Of a reply, also those that its values take beside their
  /// texts: they may be many times those that it travels in.
  std::size_t message_length_max = 1024UL * 1024 * 1024;
};

/// Of a receive buffer, what is kept when it is empty.
inline constexpr std::size_t kept_capacity = 16 * 1024;

}  // namespace resp
