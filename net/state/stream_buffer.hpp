// Bytes that arrived and were not read yet.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace twinwire::detail {

/// A queue of bytes in one piece. While a callback with new bytes runs they can be lent to it, and are copied
/// only if they are still there afterwards: what a reader waits for is copied once, into its result.
class StreamBuffer {
 public:
  std::size_t size() const noexcept { return lent_.empty() ? stored_.size() - begin_ : lent_.size(); }
  bool empty() const noexcept { return size() == 0; }
  std::string_view view() const noexcept {
    return lent_.empty() ? std::string_view(stored_).substr(begin_) : lent_;
  }

  /// Adds bytes, which stay valid until reclaim() is called.
  void lend(Bytes bytes) {
    if (empty()) {
      lent_ = as_text(bytes);
    } else {
      append(as_text(bytes));
    }
  }
  /// Copies what is left of the bytes that were lent.
  void reclaim() {
    if (lent_.empty()) return;
    const std::string_view rest = std::exchange(lent_, {});
    append(rest);
  }

  /// The first `count` bytes, removed. There are as many.
  std::string take(std::size_t count) {
    if (lent_.empty() && begin_ == 0 && count == stored_.size() && count >= worth_moving) {
      return std::exchange(stored_, {});
    }
    std::string taken(view().substr(0, count));
    consume(count);
    return taken;
  }
  /// Moves as many bytes as there are and as fit.
  std::size_t take_into(MutableBytes target) {
    const std::size_t count = target.size() < size() ? target.size() : size();
    if (count == 0) return 0;
    std::memcpy(target.data(), view().data(), count);
    consume(count);
    return count;
  }

 private:
  /// From here on the memory of the buffer itself is given away instead of a copy.
  static constexpr std::size_t worth_moving = 4096;
  /// Memory for more than this is given back when the buffer has become empty.
  static constexpr std::size_t kept_capacity = 16 * 1024;

  void append(std::string_view bytes) {
    if (begin_ > stored_.size() / 2 && stored_.size() + bytes.size() > stored_.capacity()) {
      stored_.erase(0, begin_);
      begin_ = 0;
    }
    stored_.append(bytes);
  }

  void consume(std::size_t count) {
    if (!lent_.empty()) {
      lent_.remove_prefix(count);
      return;
    }
    begin_ += count;
    if (begin_ != stored_.size()) return;
    begin_ = 0;
    stored_.clear();
    if (stored_.capacity() > kept_capacity) std::string().swap(stored_);
  }

  std::string stored_;
  std::size_t begin_ = 0;
  std::string_view lent_;  ///< not empty only while nothing is stored
};

}  // namespace twinwire::detail
