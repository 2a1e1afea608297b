#include <twinwire/real/without_sigpipe.hpp>

#include <cerrno>
#include <ctime>

namespace twinwire::real {

WithoutSigpipe::WithoutSigpipe() noexcept {
  ::sigemptyset(&sigpipe_);
  ::sigaddset(&sigpipe_, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  blocked_before_ = ::sigismember(&before_, SIGPIPE) == 1;
  // One that was pending already is somebody else's.
  sigset_t pending;
  if (blocked_before_ && ::sigpending(&pending) == 0) pending_before_ = ::sigismember(&pending, SIGPIPE) == 1;
  errno = 0;
}

WithoutSigpipe::~WithoutSigpipe() {
  const int error = errno;
  if (error == EPIPE && !pending_before_) {
    constexpr timespec at_once{};
    while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  if (!blocked_before_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  errno = error;
}

}  // namespace twinwire::real
