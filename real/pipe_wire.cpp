#include <twinwire/real/pipe_wire.hpp>
#include <twinwire/real/without_sigpipe.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace twinwire::real {
namespace {

/// Whether it is of a kind that epoll can watch, and open in this direction.
bool is_usable(int descriptor, Direction direction) {
  struct stat status{};
  if (::fstat(descriptor, &status) < 0) return false;
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode) && !S_ISCHR(status.st_mode)) return false;
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return false;
  const int mode = flags & O_ACCMODE;
  return mode == O_RDWR || mode == (direction == Direction::receive ? O_RDONLY : O_WRONLY);
}

}  // namespace

std::unique_ptr<PipeWire> PipeWire::adopt(PollerRef poller, NativeHandle handle, Direction direction,
                                          error_code& error) {
  if (!is_usable(handle.value, direction)) {
    error = make_error(errc::invalid_argument);
    return nullptr;
  }
  error = prepare_descriptor(handle.value);
  if (error.failed()) return nullptr;
  return std::make_unique<PipeWire>(std::move(poller), Descriptor(handle.value), direction);
}

PipeWire::PipeWire(PollerRef poller, Descriptor pipe, Direction direction) noexcept
    : WatchedDescriptor(std::move(poller), std::move(pipe),
                        direction == Direction::receive ? EPOLLIN | EPOLLRDHUP : 0U),
      handle_(descriptor_.handle()),
      direction_(direction) {}

void PipeWire::on_events(std::uint32_t events) {
  if ((events & endings) != 0) more_to_come_ = true;
  // Each call may destroy this wire, or take its sink away.
  const Poller& poller = *poller_;
  const PollKey key = this->key();
  const auto alive = [&] { return poller.current(key) && sink_ != nullptr; };
  if (direction_ == Direction::receive) {
    if (alive()) sink_->on_readable();
    return;
  }
  if (alive() && wants_writable_ && (events & (EPOLLOUT | endings)) != 0) {
    wants_writable_ = false;
    sink_->on_writable();
  }
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && alive()) sink_->on_hang_up();
}

IoResult PipeWire::read_some(MutableBytes buffer) {
  if (watch_failure_ != 0) return {0, system_code(watch_failure_), true};
  while (true) {
    const ssize_t count = ::read(descriptor_.get(), buffer.data(), buffer.size());
    if (count >= 0) {
      const auto size = static_cast<std::size_t>(count);
      return {size, {}, size < buffer.size() && !more_to_come_};
    }
    if (errno == EINTR) continue;
    const bool nothing_now = errno == EAGAIN || errno == EWOULDBLOCK;
    // A terminal whose other side is gone says EIO, and means the end: see pty(7).
    if (errno == EIO && more_to_come_) return {0, {}, true};
    if (nothing_now) more_to_come_ = false;
    return {0, nothing_now ? make_error(errc::operation_would_block) : last_error(), true};
  }
}

IoResult PipeWire::write_some(std::span<const Bytes> buffers) {
  return write_gathered(buffers, [this](Gathered& part) {
    const WithoutSigpipe guard;
    return ::writev(descriptor_.get(), part.data(), static_cast<int>(part.count()));
  });
}

void PipeWire::close() {
  if (!descriptor_) return;
  stop_watching();
  descriptor_.close();
}

NativeHandle PipeWire::release() {
  return descriptor_ ? give_away() : NativeHandle{};
}

PipeEnds open_pipe(error_code& error) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
    error = last_error();
    return {};
  }
  return {{ends[0]}, {ends[1]}};
}

}  // namespace twinwire::real
