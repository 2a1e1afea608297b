// The file that a Unix socket is bound to: https://man7.org/linux/man-pages/man7/unix.7.html
#pragma once

#include <string>
#include <sys/types.h>

namespace twinwire::real {

/// Removes what is at this path if it is a socket. What cannot be removed stays: binding will tell.
void remove_socket_file(const std::string& path) noexcept;

/// Knows the file that is at its path now, to remove no other later: somebody else may have put theirs there.
class SocketFile {
 public:
  /// None.
  SocketFile() = default;
  explicit SocketFile(std::string path);

  /// Removes the file if it is still there, once. Before the socket is closed: until then its file's number
  /// is not used again.
  void remove() noexcept;
  /// Lets the file be.
  void forget() noexcept { path_.clear(); }

 private:
  std::string path_;  ///< empty for none
  dev_t device_ = 0;
  ino_t number_ = 0;
};

}  // namespace twinwire::real
