// System calls that write, for which there is no flag as MSG_NOSIGNAL is one.
#pragma once

#include <csignal>

namespace twinwire::real {

/// While it lives, a write to what nobody reads from raises no SIGPIPE: the signal is blocked in this thread,
/// and taken back at the end if it came. errno is that of the write when it is destroyed, and stays so.
class WithoutSigpipe {
 public:
  WithoutSigpipe() noexcept;
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe();

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool blocked_before_ = false;
  bool pending_before_ = false;
};

}  // namespace twinwire::real
