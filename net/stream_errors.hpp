// How reads of a stream fail.
#pragma once

#include <twinwire/net/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace twinwire {

/// The stream ended before a read was satisfied. The code is Error::incomplete_read.
/// https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.IncompleteReadError
class IncompleteReadError : public OperationError {
 public:
  IncompleteReadError(const std::string& sentence, std::string partial, std::optional<std::size_t> expected)
      : OperationError(Error::incomplete_read, sentence), partial_(std::move(partial)), expected_(expected) {}

  /// What arrived before the end. It was taken from the reader.
  const std::string& partial() const noexcept { return partial_; }
  /// How many bytes were asked for; none if a separator was.
  std::optional<std::size_t> expected() const noexcept { return expected_; }

 private:
  std::string partial_;
  std::optional<std::size_t> expected_;
};

/// A separator did not come within the limit of the reader. The code is Error::limit_overrun. The data is
/// still there, for reads of other kinds.
/// https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.LimitOverrunError
class LimitOverrunError : public OperationError {
 public:
  LimitOverrunError(const std::string& sentence, std::size_t consumed)
      : OperationError(Error::limit_overrun, sentence), consumed_(consumed) {}

  /// How many bytes, from the first unread one on, are certainly not part of the separator: read these to get
  /// past them.
  std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

}  // namespace twinwire
