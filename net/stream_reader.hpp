// The receiving half of a stream, for coroutines.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/state/stream_state.hpp>
#include <twinwire/net/stream_errors.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace twinwire {

/// asyncio's StreamReader: https://docs.python.org/3/library/asyncio-stream.html#streamreader
///
/// A counted handle. One read at a time: a second one throws std::logic_error when it is awaited. A read that
/// is cancelled or runs into a timeout takes nothing: the next one gets every byte. When the connection is
/// lost with an error, reads that what is buffered does not satisfy throw it as OperationError, and read()
/// still yields what is buffered first; a connection that ends in order just ends.
///
/// The reader has a limit, 64 KiB by default. When more than twice as much lies unread the transport is
/// paused, and it goes on once no more than the limit is left. Loop thread only.
class StreamReader {
 public:
  /// A reader without a stream: reading throws std::logic_error.
  StreamReader() = default;
  explicit StreamReader(detail::Ref<detail::StreamState> state) noexcept : state_(std::move(state)) {}

  /// At least one byte and at most `size`, as soon as there are any; none only at the end, or if none are
  /// asked for.
  awaitable<std::string> read(std::size_t size) const;
  /// As read(size) into memory of yours, which stays valid meanwhile. How many bytes were put there.
  awaitable<std::size_t> read_into(MutableBytes target) const;
  /// Everything until the end. It takes nothing before that, and ignores the limit.
  awaitable<std::string> read_all() const;
  /// `size` bytes, which may be more than the limit. Throws IncompleteReadError at the end.
  awaitable<std::string> read_exactly(std::size_t size) const;
  /// Everything up to and with the separator. Throws IncompleteReadError at the end, and LimitOverrunError
  /// when there is more than the limit in front of the separator, which leaves the data to other reads.
  /// Throws std::invalid_argument at once for an empty separator.
  awaitable<std::string> read_until(std::string separator) const;
  /// As read_until("\n"), except that what is there at the end is a line too; an empty one is the end.
  awaitable<std::string> read_line() const;

  /// The peer has ended its side, and everything was read.
  bool at_eof() const;
  /// In bytes.
  std::size_t limit() const { return state().limit; }

  explicit operator bool() const noexcept { return static_cast<bool>(state_); }

 private:
  const detail::Ref<detail::StreamState>& checked() const;
  detail::StreamState& state() const { return *checked(); }

  detail::Ref<detail::StreamState> state_;
};

}  // namespace twinwire
