// One end of a simulated pipe, behind the interface that transports know.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/processes/pipe.hpp>

namespace twinwire::sim {

/// Holds a descriptor of its host while it is open.
class PipeWire : public Wire {
 public:
  PipeWire(detail::Ref<PipeEnd> end, NativeHandle handle);
  ~PipeWire() override;

  /// For the pipe: something has changed. May end in anything that user code does.
  void tell();

  void set_sink(WireSink* sink) override;
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
  bool has_news() const;

  detail::Ref<PipeEnd> end_;  ///< while it is open
  Host& host_;
  NativeHandle handle_;
  Direction direction_;
  WireSink* sink_ = nullptr;
  bool wants_writable_ = false;
  MemberEvent<PipeWire, &PipeWire::tell> again_{*this};
};

}  // namespace twinwire::sim
