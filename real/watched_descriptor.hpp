// What the real wires of all kinds share: a descriptor that is registered with a poller while it is open.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/gathered.hpp>
#include <twinwire/real/poller.hpp>

#include <cerrno>
#include <cstdint>
#include <span>
#include <sys/epoll.h>
#include <sys/types.h>
#include <utility>

namespace twinwire::real {

using PollerRef = twinwire::detail::Ref<Poller>;

/// Registered once, edge-triggered, when it first gets a sink; EPOLLOUT joins the first time that a write
/// could not take everything. Loop thread only.
class WatchedDescriptor : protected PollEntry {
 protected:
  /// `events` is what is always watched for.
  WatchedDescriptor(PollerRef poller, Descriptor descriptor, std::uint32_t events) noexcept
      : descriptor_(std::move(descriptor)), poller_(std::move(poller)), events_(events) {}
  ~WatchedDescriptor() { poller_->forget(*this); }

  /// Where events go from now on. What is ready already is reported again; that it is writable only if
  /// somebody waits for that, or `writable` is set.
  void watch_for(WireSink* sink, bool writable = false);
  /// The ends of a connection. They last, so after one of them a short read proves nothing: there is the end
  /// of the stream, or the error, to be read behind it.
  static constexpr std::uint32_t endings = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

  /// Writes as much as is taken. `send` makes the system call for a Gathered&: how many bytes went, or -1
  /// with errno.
  template <class Send>
  IoResult write_gathered(std::span<const Bytes> buffers, Send send);
  /// A write could not take everything.
  void expect_writable();
  /// Tries again what has failed. True if it is watched now.
  bool watch_again();
  /// No more events. The descriptor stays open, for its owner to close or to give away.
  void stop_watching() noexcept;
  /// Gives the descriptor away, open.
  NativeHandle give_away() noexcept;

  Descriptor descriptor_;
  int watch_failure_ = 0;  ///< errno of a registration that failed; all events were reported then
  PollerRef poller_;
  WireSink* sink_ = nullptr;
  bool wants_writable_ = false;  ///< a write could not take everything

 private:
  void watch();
  void put_into_poller();

  bool watches_writable_ = false;  ///< EPOLLOUT is part of the registration
  std::uint32_t events_;
};

template <class Send>
IoResult WatchedDescriptor::write_gathered(std::span<const Bytes> buffers, Send send) {
  if (watch_failure_ != 0) return {0, system_code(watch_failure_), false};
  IoResult result;
  while (!buffers.empty()) {
    Gathered part(buffers);
    const ssize_t count = send(part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      result.error = last_error();
      return result;
    }
    if (count > 0) result.bytes += static_cast<std::size_t>(count);
    if (count < 0 || static_cast<std::size_t>(count) < part.bytes()) {
      // There is no more room, and the next EPOLLOUT will tell of some: see "edge-triggered" in epoll(7).
      expect_writable();
      if (result.bytes == 0) result.error = make_error(errc::operation_would_block);
      return result;
    }
    buffers = buffers.subspan(part.count());
  }
  return result;
}

}  // namespace twinwire::real
