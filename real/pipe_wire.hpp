// One end of a pipe as a wire: https://man7.org/linux/man-pages/man7/pipe.7.html
#pragma once

#include <twinwire/net/wire/process_wire.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/real/watched_descriptor.hpp>

#include <memory>

namespace twinwire::real {

/// Also of whatever else read(2), write(2) and epoll work with: a FIFO, a stream socket, a terminal. Loop
/// thread only; the rest is said at Wire.
class PipeWire final : public Wire, private WatchedDescriptor {
 public:
  /// Takes over a descriptor. Null, with invalid_argument, if it is none of the above, or not open in this
  /// direction: it is not closed then.
  static std::unique_ptr<PipeWire> adopt(PollerRef poller, NativeHandle handle, Direction direction,
                                         error_code& error);
  /// A non-blocking descriptor.
  PipeWire(PollerRef poller, Descriptor pipe, Direction direction) noexcept;

  void set_sink(WireSink* sink) override { watch_for(sink); }
  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;
  Direction direction() const override { return direction_; }
  error_code shutdown_write() override { return make_error(errc::operation_not_supported); }
  void close() override;
  void abort() override { close(); }
  NativeHandle release() override;
  /// Known after closing, too.
  NativeHandle native_handle() const override { return handle_; }
  const char* handle_name() const override { return "pipe"; }
  bool can_shutdown_write() const override { return direction_ == Direction::send; }

 private:
  void on_events(std::uint32_t events) override;

  NativeHandle handle_;
  Direction direction_;
  bool more_to_come_ = false;  ///< a short read does not mean that nothing is left: the end is there
};

/// Both ends close-on-exec, and blocking: who takes them over changes that.
PipeEnds open_pipe(error_code& error);

}  // namespace twinwire::real
