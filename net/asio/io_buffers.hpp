// Asio's buffer sequences as spans.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <boost/asio/buffer.hpp>

namespace twinwire::detail {

/// What one write takes of a buffer sequence: its beginning.
class WriteBatch {
 public:
  /// As much as one write hands over at most: what the socket does not take at once is copied.
  static constexpr std::size_t bytes_max = std::size_t{64} * 1024;
  static constexpr std::size_t segments_max = 16;

  template <class ConstBufferSequence>
  explicit WriteBatch(const ConstBufferSequence& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end && count_ != segments_max; ++it) {
      const boost::asio::const_buffer buffer(*it);
      const std::size_t size = std::min(buffer.size(), bytes_max - size_);
      if (size == 0) continue;
      segments_[count_++] = Bytes(static_cast<const std::byte*>(buffer.data()), size);
      size_ += size;
    }
  }

  std::span<const Bytes> segments() const noexcept { return {segments_.data(), count_}; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::array<Bytes, segments_max> segments_;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

/// What one read fills of a buffer sequence: the first buffer with any room. Empty if there is none.
template <class MutableBufferSequence>
MutableBytes read_target(const MutableBufferSequence& buffers) {
  const auto end = boost::asio::buffer_sequence_end(buffers);
  for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
    const boost::asio::mutable_buffer buffer(*it);
    if (buffer.size() != 0) return {static_cast<std::byte*>(buffer.data()), buffer.size()};
  }
  return {};
}

}  // namespace twinwire::detail
