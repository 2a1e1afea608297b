// A stream of bytes, cut into lines.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

/// Keeps what has come and is no whole line yet, however the stream is cut. A line ends with LF; a CR in
/// front of that does not belong to it.
class LineBuffer {
 public:
  /// A line may have this many bytes in front of its LF.
  explicit LineBuffer(std::size_t length_max) noexcept : length_max_(length_max) {}

  void feed(twinwire::Bytes data) {
    text_.erase(0, begin_);
    begin_ = 0;
    text_ += twinwire::as_text(data);
  }

  /// The next whole line, valid until the next call of feed; nothing if there is none, or is_too_long().
  std::optional<std::string_view> next() {
    const std::size_t end = text_.find('\n', begin_);
    std::string_view line = std::string_view(text_).substr(begin_, end == text_.npos ? end : end - begin_);
    too_long_ = line.size() > length_max_;
    if (end == text_.npos || too_long_) return {};
    begin_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  /// What `next` found is longer than a line may be, whether it has ended or not.
  bool is_too_long() const noexcept { return too_long_; }

 private:
  std::size_t length_max_;
  std::string text_;
  std::size_t begin_ = 0;  ///< of what was not given out yet
  bool too_long_ = false;
};

}  // namespace chat
