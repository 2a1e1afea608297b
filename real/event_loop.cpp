#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/real_backend.hpp>

#include <stdexcept>

namespace twinwire::real {

std::unique_ptr<Loop> new_event_loop(LoopOptions options) {
  if (options.spin < Duration::zero()) throw std::invalid_argument("new_event_loop: spin is negative");
  if (options.read_buffer_size == 0) throw std::invalid_argument("new_event_loop: read_buffer_size is 0");
  auto backend = std::make_unique<RealBackend>(options);
  RealBackend& attached = *backend;
  auto loop = std::make_unique<Loop>(std::move(backend));
  attached.attach(*loop);
  return loop;
}

}  // namespace twinwire::real
