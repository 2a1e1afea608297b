// /dev/null as a wire.
#pragma once

#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/world.hpp>

namespace twinwire::sim {

/// Nothing can be read, and what is written vanishes.
class NullWire final : public Wire {
 public:
  NullWire(World& world, Direction direction) : world_(world), direction_(direction) {}

  void set_sink(WireSink* sink) override {
    sink_ = sink;
    if (sink_ && direction_ == Direction::receive) {
      world_.schedule(again_, world_.time());
    } else {
      again_.cancel();
    }
  }
  IoResult read_some(MutableBytes) override { return {0, {}, true}; }
  IoResult write_some(std::span<const Bytes> buffers) override {
    IoResult result;
    for (const Bytes buffer : buffers) result.bytes += buffer.size();
    return result;
  }
  Direction direction() const override { return direction_; }
  error_code shutdown_write() override { return make_error(errc::operation_not_supported); }
  void close() override { set_sink(nullptr); }
  void abort() override { close(); }
  NativeHandle release() override { return {}; }
  NativeHandle native_handle() const override { return {}; }
  const char* handle_name() const override { return "pipe"; }
  bool can_shutdown_write() const override { return direction_ == Direction::send; }

 private:
  void tell() {
    if (sink_) sink_->on_readable();
  }

  World& world_;
  Direction direction_;
  WireSink* sink_ = nullptr;
  MemberEvent<NullWire, &NullWire::tell> again_{*this};
};

}  // namespace twinwire::sim
