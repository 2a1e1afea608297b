// How a file is sent.
#pragma once

#include <cstdint>
#include <optional>

namespace twinwire {

/// Which part of a file Loop::sendfile sends, and how.
struct SendfileOptions {
  SendfileOptions() = default;
  explicit SendfileOptions(std::int64_t first, std::optional<std::int64_t> most = {})
      : offset(first), count(most) {}

  /// Where to begin, in bytes.
  std::int64_t offset = 0;
  /// The most bytes to send; nothing: up to the end of the file.
  std::optional<std::int64_t> count;
  /// Where the system cannot send this file by itself: whether to read and write it instead, or to fail with
  /// operation_not_supported.
  bool fallback = true;
};

}  // namespace twinwire
