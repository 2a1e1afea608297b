// Asio's io_context on our loop, for whoever puts Asio objects of their own there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace twinwire::real {

/// Our own descriptors lie in a poller, and while no Asio operation is pending the loop waits on that alone.
/// When one is, the poller's descriptor becomes one more object of the io_context, and the loop waits on
/// that: two more system calls for each time it wakes. Loop thread only.
class AsioBridge {
 public:
  explicit AsioBridge(int poller_descriptor);
  AsioBridge(const AsioBridge&) = delete;
  AsioBridge& operator=(const AsioBridge&) = delete;
  ~AsioBridge();

  boost::asio::io_context& context() noexcept { return context_; }

  /// Whether Asio has something to wait for. Finding out may run handlers, and throw what they throw.
  bool has_work();
  /// Runs what is ready, up to a limit, without waiting. True if there was something. Throws what a handler
  /// threw.
  bool run_ready();
  /// After has_work() was true: runs one handler, or with `block` waits until there is one. True if there
  /// was. `poller_ready` is set if the poller has something to tell. Throws what the handler threw.
  bool run_one(bool block, bool& poller_ready);

 private:
  boost::asio::io_context context_;
  boost::asio::posix::stream_descriptor poller_;
  bool waiting_ = false;  ///< our wait for the poller is pending
  bool idle_ = false;     ///< nothing was pending when it was looked last
};

}  // namespace twinwire::real
