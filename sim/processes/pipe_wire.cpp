#include <twinwire/sim/host.hpp>
#include <twinwire/sim/processes/pipe_wire.hpp>
#include <twinwire/sim/world.hpp>

namespace twinwire::sim {

PipeWire::PipeWire(detail::Ref<PipeEnd> end, NativeHandle handle)
    : end_(std::move(end)), host_(end_->pipe().host()), handle_(handle), direction_(end_->direction()) {
  end_->pipe().join(*this);
}

PipeWire::~PipeWire() {
  close();
}

bool PipeWire::has_news() const {
  const Pipe& pipe = end_->pipe();
  return direction_ == Direction::receive ? pipe.readable()
                                          : pipe.broken() || (wants_writable_ && pipe.has_room());
}

void PipeWire::set_sink(WireSink* sink) {
  sink_ = sink;
  if (sink_ && end_ && has_news()) {
    host_.world().schedule(again_, host_.world().time());
  } else {
    again_.cancel();
  }
}

void PipeWire::tell() {
  if (!sink_ || !end_) return;
  host_.world().set_current(host_, "pipe");
  if (direction_ == Direction::receive) {
    sink_->on_readable();
    return;
  }
  // The first call may destroy this wire, or take its sink away; the pipe knows.
  const detail::Ref<Pipe> pipe(&end_->pipe());
  if (wants_writable_ && (pipe->broken() || pipe->has_room())) {
    wants_writable_ = false;
    sink_->on_writable();
  }
  if (pipe->broken() && pipe->has(*this) && sink_) sink_->on_hang_up();
}

IoResult PipeWire::read_some(MutableBytes buffer) {
  if (!end_) return {0, make_error(errc::bad_file_descriptor), true};
  return end_->pipe().read(buffer);
}

IoResult PipeWire::write_some(std::span<const Bytes> buffers) {
  if (!end_) return {0, make_error(errc::bad_file_descriptor), false};
  std::size_t wanted = 0;
  for (const Bytes buffer : buffers) wanted += buffer.size();
  const IoResult result = end_->pipe().write(buffers);
  if (result.bytes < wanted) wants_writable_ = true;
  return result;
}

void PipeWire::close() {
  if (!end_) return;
  set_sink(nullptr);
  end_->pipe().leave(*this);
  end_ = {};
  host_.close_descriptor(handle_);
}

NativeHandle PipeWire::release() {
  if (!end_) return {};
  set_sink(nullptr);
  end_->pipe().leave(*this);
  host_.descriptors().detach(handle_, std::move(end_));
  end_ = {};
  return handle_;
}

}  // namespace twinwire::sim
