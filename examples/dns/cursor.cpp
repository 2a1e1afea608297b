#include "cursor.hpp"

namespace dns {
namespace {

/// The upper two bits of a length say what it is: 0 a label, 3 a pointer (RFC 1035, 4.1.4).
constexpr unsigned pointer_bits = 0xc0;
/// Pointers go backwards only, and so end; but in a large message of pointers alone that would take its time.
constexpr int pointers_max = 32;

}  // namespace

std::string_view Cursor::bytes(std::size_t count) {
  if (failed_ || message_.size() - at_ < count) {
    failed_ = true;
    return {};
  }
  at_ += count;
  return message_.substr(at_ - count, count);
}

std::uint32_t Cursor::number(std::size_t size) {
  std::uint32_t value = 0;
  for (const char c : bytes(size)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

Name Cursor::name() {
  Name name;
  std::size_t behind = 0;  // the name itself, once a pointer has led away from it
  std::size_t begin = at_;
  for (int pointers = 0;;) {
    const unsigned length = u8();
    if (failed_ || length == 0) break;
    if ((length & pointer_bits) == 0) {
      // Names that are too long end the loop, too.
      if (!name.append(bytes(length))) fail();
      continue;
    }
    const std::size_t target = (length & ~pointer_bits) << 8U | u8();
    if (behind == 0) behind = at_;
    if ((length & pointer_bits) != pointer_bits || target >= begin || ++pointers > pointers_max) fail();
    if (failed_) break;
    at_ = begin = target;
  }
  if (behind != 0) at_ = behind;
  return failed_ ? Name() : name;
}

}  // namespace dns
