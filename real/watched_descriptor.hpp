// What the real wires of all kinds share: a descriptor that is registered with a poller while it is open.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire.hpp>
#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/poller.hpp>

#include <cstdint>
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

}  // namespace twinwire::real
