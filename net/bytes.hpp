// Views of bytes, and the two conversions that tests and text protocols need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace twinwire {

/// A view of bytes somebody else owns. Given to a callback it is valid during that call only.
using Bytes = std::span<const std::byte>;

/// Bytes that may be written to.
using MutableBytes = std::span<std::byte>;

/// The bytes of a text. They live as long as the text does.
inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The text in some bytes, without any decoding. It lives as long as the bytes do.
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A copy of some bytes as a string.
inline std::string to_string(Bytes bytes) {
  return std::string(as_text(bytes));
}

namespace detail {

/// Whether a call of the system, for which texts end at their first NUL, would see less of it.
inline bool has_nul(std::string_view text) noexcept {
  return text.find('\0') != std::string_view::npos;
}

}  // namespace detail

}  // namespace twinwire
