// How the bytes of several buffers become records.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/tls/tls_session.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace twinwire::detail {

/// A record's worth, for what is gathered or thrown away within one call. Of the thread.
inline MutableBytes record_space() {
  thread_local std::array<std::byte, TlsSession::record_size> space;
  return space;
}

/// Hands out the bytes in pieces of up to one record. Small buffers are gathered in record_space(), so that
/// each piece is worth its record.
class RecordPieces {
 public:
  explicit RecordPieces(std::span<const Bytes> buffers) noexcept : buffers_(buffers) { skip_empty(); }

  bool empty() const noexcept { return buffers_.empty(); }
  /// Valid until the next call.
  Bytes next() {
    const Bytes first = buffers_.front().subspan(offset_);
    if (first.size() >= TlsSession::record_size || buffers_.size() == 1) {
      return take(std::min(first.size(), TlsSession::record_size));
    }
    const MutableBytes space = record_space();
    std::size_t gathered = 0;
    while (!buffers_.empty() && gathered < space.size()) {
      const std::size_t left = buffers_.front().size() - offset_;
      const Bytes part = take(std::min(left, space.size() - gathered));
      std::ranges::copy(part, space.subspan(gathered).begin());
      gathered += part.size();
    }
    return space.first(gathered);
  }

 private:
  Bytes take(std::size_t count) noexcept {
    const Bytes part = buffers_.front().subspan(offset_, count);
    offset_ += count;
    skip_empty();
    return part;
  }
  void skip_empty() noexcept {
    while (!buffers_.empty() && offset_ == buffers_.front().size()) {
      buffers_ = buffers_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const Bytes> buffers_;
  std::size_t offset_ = 0;
};

}  // namespace twinwire::detail
