// A loop on the real system: sockets, clocks, threads, signals.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace twinwire::real {

/// How a loop behaves. The defaults suit every program.
struct LoopOptions {
  /// How long to look for events before the thread goes to sleep. Sleeping and waking cost more than a
  /// message on a fast network, so some 20 us of this raise the rate of one connection, where a processor is
  /// to spare: it is busy meanwhile. Zero never looks twice.
  Duration spin = Duration::zero();
  /// Bytes that one read can take, shared by all connections of the loop.
  std::size_t read_buffer_size = std::size_t{64} * 1024;
  /// Of random() and of choices(). By default from the system (getrandom(2)).
  std::optional<std::uint64_t> seed;
  /// The most threads for run_in_executor and for names to be looked up; they start when needed. 0: four more
  /// than there are processors, at most 32.
  std::size_t worker_threads = 0;
};

/// Makes a loop. It may be run on another thread than it was made on, and closed on a third, but used on one
/// at a time: once a thread is started that runs it, everything of it is for that thread alone until that has
/// ended, call_soon_threadsafe and posts to its executor excepted. It keeps three descriptors open.
/// Destroying it waits for the functions that run in its executor, and for look-ups that have begun.
///
/// Throws OperationError when the system has no descriptors left, std::invalid_argument for a negative spin
/// or an empty read buffer.
///
/// Asio objects made on the loop's executor are driven by the same thread. Nothing here raises SIGPIPE, and a
/// signal's action changes only while add_signal_handler is in force for it.
std::unique_ptr<Loop> new_event_loop(LoopOptions options = {});

}  // namespace twinwire::real
