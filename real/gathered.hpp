// Buffers for one system call that gathers.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <sys/uio.h>

namespace twinwire::real {

/// The first of some buffers, as many as one call is given, in the form of writev(2). They must stay valid.
class Gathered {
 public:
  explicit Gathered(std::span<const Bytes> buffers) noexcept {
    for (const Bytes buffer : buffers.first(std::min(buffers.size(), parts_.size()))) {
      parts_[count_++] = {const_cast<std::byte*>(buffer.data()), buffer.size()};
      bytes_ += buffer.size();
    }
  }

  iovec* data() noexcept { return parts_.data(); }
  std::size_t count() const noexcept { return count_; }
  /// In all of them.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::array<iovec, 64> parts_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace twinwire::real
