#include <twinwire/real/descriptor.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace twinwire::real {

error_code last_error() noexcept {
  return system_code(errno);
}

void Descriptor::close() noexcept {
  // Never again after EINTR: on Linux the number is free by then, and may be somebody else's. See close(2).
  if (number_ >= 0) ::close(release());
}

error_code prepare_descriptor(int number) noexcept {
  const int status = ::fcntl(number, F_GETFL);
  if (status < 0) return last_error();
  if ((status & O_NONBLOCK) == 0 && ::fcntl(number, F_SETFL, status | O_NONBLOCK) < 0) return last_error();
  const int flags = ::fcntl(number, F_GETFD);
  if (flags < 0) return last_error();
  if ((flags & FD_CLOEXEC) == 0 && ::fcntl(number, F_SETFD, flags | FD_CLOEXEC) < 0) return last_error();
  return {};
}

}  // namespace twinwire::real
