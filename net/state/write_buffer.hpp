// Bytes that were written and not yet taken by the wire.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstring>
#include <memory>

namespace twinwire::detail {

/// A queue of bytes in one piece of memory. Nothing is allocated until something has to wait, and what was
/// allocated for a burst is given back when it has drained.
class WriteBuffer {
 public:
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  Bytes front() const noexcept { return {data_.get() + begin_, size()}; }

  void append(Bytes bytes) {
    if (bytes.empty()) return;
    if (capacity_ - end_ < bytes.size()) make_room(bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ != end_) return;
    begin_ = end_ = 0;
    if (capacity_ > kept_capacity) clear();
  }

  void clear() noexcept {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t kept_capacity = 16 * 1024;
  static constexpr std::size_t least_capacity = 512;

  void make_room(std::size_t count) {
    const std::size_t used = size();
    if (used + count <= capacity_ && used <= capacity_ / 2) {
      std::memmove(data_.get(), data_.get() + begin_, used);
    } else {
      std::size_t capacity = capacity_ < least_capacity ? least_capacity : capacity_;
      while (capacity < used + count) capacity *= 2;
      std::unique_ptr<std::byte[]> larger(new std::byte[capacity]);
      if (used != 0) std::memcpy(larger.get(), data_.get() + begin_, used);
      data_ = std::move(larger);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace twinwire::detail
