// Queues that reuse their memory: of small values, and of bytes.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace twinwire::sim {

/// First in, first out. The first few lie in the object itself; beyond that it grows in powers of two, and
/// never shrinks.
template <class T, std::size_t Inline = 2>
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool empty() const noexcept { return head_ == tail_; }
  std::size_t size() const noexcept { return static_cast<std::uint32_t>(tail_ - head_); }
  T& front() noexcept { return slots_[head_ & mask_]; }
  T& back() noexcept { return slots_[(tail_ - 1) & mask_]; }
  T& operator[](std::size_t index) noexcept { return slots_[(head_ + index) & mask_]; }
  void pop_front() noexcept { ++head_; }
  void pop_back() noexcept { --tail_; }
  void push_back(const T& value) {
    if (size() > mask_) grow();
    slots_[tail_++ & mask_] = value;
  }
  void clear() noexcept { head_ = tail_ = 0; }

 private:
  static_assert((Inline & (Inline - 1)) == 0, "a power of two");

  void grow() {
    const std::size_t capacity = (std::size_t{mask_} + 1) * 2;
    std::unique_ptr<T[]> slots(new T[capacity]);
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) slots[i] = (*this)[i];
    more_ = std::move(slots);
    slots_ = more_.get();
    mask_ = static_cast<std::uint32_t>(capacity - 1);
    head_ = 0;
    tail_ = static_cast<std::uint32_t>(count);
  }

  T* slots_ = few_;
  std::uint32_t mask_ = Inline - 1;
  // These run over, which does no harm: only their difference and their low bits count.
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::unique_ptr<T[]> more_;
  T few_[Inline];
};

/// Bytes of a stream that are on their way. Memory is taken when there are bytes, and kept for the next ones.
class ByteRing {
 public:
  std::size_t size() const noexcept { return tail_ - head_; }

  void append(Bytes bytes) {
    if (bytes.empty()) return;
    if (size() + bytes.size() > capacity_) grow(size() + bytes.size());
    const std::size_t at = tail_ & (capacity_ - 1);
    const std::size_t first = std::min(bytes.size(), capacity_ - at);
    std::memcpy(data_.get() + at, bytes.data(), first);
    if (first < bytes.size()) std::memcpy(data_.get(), bytes.data() + first, bytes.size() - first);
    tail_ += bytes.size();
  }

  /// Copies out and drops `target.size()` bytes; so many are there.
  void read(MutableBytes target) noexcept {
    const auto [first, second] = view(0, target.size());
    std::memcpy(target.data(), first.data(), first.size());
    if (!second.empty()) std::memcpy(target.data() + first.size(), second.data(), second.size());
    head_ += target.size();
  }

  /// The bytes from `offset` on, in one or two pieces.
  std::pair<Bytes, Bytes> view(std::size_t offset, std::size_t count) const noexcept {
    const std::size_t at = (head_ + offset) & (capacity_ - 1);
    const std::size_t first = std::min(count, capacity_ - at);
    return {Bytes(data_.get() + at, first), Bytes(data_.get(), count - first)};
  }

  /// Where the next byte to be read lies; null before the first was appended.
  const std::byte* front() const noexcept {
    return data_ ? data_.get() + (head_ & (capacity_ - 1)) : nullptr;
  }

  /// Drops bytes from the end, so that `size` are left.
  void truncate(std::size_t size) noexcept { tail_ = head_ + size; }

 private:
  void grow(std::size_t needed) {
    std::size_t capacity = capacity_ == 0 ? 64 : capacity_;
    while (capacity < needed) capacity *= 2;
    std::unique_ptr<std::byte[]> data(new std::byte[capacity]);
    const std::size_t count = size();
    if (count != 0) read({data.get(), count});
    data_ = std::move(data);
    capacity_ = capacity;
    head_ = 0;
    tail_ = count;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace twinwire::sim
