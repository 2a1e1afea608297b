#include <twinwire/sim/host.hpp>
#include <twinwire/sim/udp/udp_wire.hpp>

namespace twinwire::sim {

NativeHandle UdpWire::release() {
  if (!native_handle()) return {};
  set_sink(nullptr);
  released_ = true;
  socket_->host().descriptors().detach(socket_->handle(), socket_);
  return socket_->handle();
}

}  // namespace twinwire::sim
