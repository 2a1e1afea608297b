// Reading a message that may come from anybody.
#pragma once

#include "name.hpp"

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dns {

/// Reads a message front to back. What is not there, or not in order, is read as nothing, and makes it fail
/// for good: so one look at failed() is enough, behind any number of reads.
class Cursor {
 public:
  /// The message lives as long as this.
  explicit Cursor(twinwire::Bytes message) : message_(twinwire::as_text(message)) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() const noexcept { return at_ == message_.size(); }
  std::size_t position() const noexcept { return at_; }
  void fail() noexcept { failed_ = true; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return number(4); }
  std::string_view bytes(std::size_t count);
  /// A name, of which the end may stand further in front (RFC 1035, 4.1.4).
  Name name();

 private:
  std::uint32_t number(std::size_t size);

  std::string_view message_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace dns
