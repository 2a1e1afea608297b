// Running out of descriptors, on purpose.
#pragma once

#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>

namespace twinwire {

/// While it lives, the process can open no more descriptors than these.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t more) {
    const int lowest = ::dup(STDERR_FILENO);
    if (lowest < 0 || ::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw std::runtime_error("no descriptors");
    ::close(lowest);
    const rlimit few{static_cast<rlim_t>(lowest) + more, before_.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) throw std::runtime_error("no limit can be set");
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace twinwire
