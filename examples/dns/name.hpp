// Domain names.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dns {

/// A domain name, complete up to the root. Two that differ in the case of letters alone are equal (RFC 1035,
/// 2.3.3); the case that it was made with is kept. A plain value.
class Name {
 public:
  /// In bytes, with all lengths and the root (RFC 1035, 2.3.4).
  static constexpr std::size_t size_max = 255;
  static constexpr std::size_t label_max = 63;

  /// The root, ".".
  Name() : wire_(1, '\0') {}

  /// "www.example.org", with or without a dot behind it. "\." is a dot within a label, "\046" a byte.
  /// Nothing if it is no name.
  static std::optional<Name> parse(std::string_view text);
  /// The same, for text that must be a name: throws std::invalid_argument.
  static Name of(std::string_view text);

  /// One more label at the end, in front of the root. False, and nothing has changed, if that is too long or
  /// empty.
  bool append(std::string_view label);
  /// All labels of another name at the end.
  bool append(const Name& name);

  bool is_root() const noexcept { return wire_.size() == 1; }
  /// Without the first label; of the root itself the root.
  Name parent() const;
  /// Equal to `zone`, or below it.
  bool is_within(const Name& zone) const;

  /// As it travels: each label behind its length, the root's length at the end.
  const std::string& wire() const noexcept { return wire_; }
  /// The same in lower case: equal for names that are equal.
  std::string folded() const;
  /// "www.example.org.": parse takes it back.
  std::string to_string() const;

  bool operator==(const Name& other) const { return folded() == other.folded(); }
  std::strong_ordering operator<=>(const Name& other) const { return folded() <=> other.folded(); }

 private:
  std::string wire_;
};

}  // namespace dns
