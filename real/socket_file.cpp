#include <twinwire/real/socket_file.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace twinwire::real {

void remove_socket_file(const std::string& path) noexcept {
  // lstat: a link to a socket is somebody's own file.
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) < 0) {
    path_.clear();
    return;
  }
  device_ = status.st_dev;
  number_ = status.st_ino;
}

void SocketFile::remove() noexcept {
  struct stat status{};
  if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == number_) {
    ::unlink(path_.c_str());
  }
  forget();
}

}  // namespace twinwire::real
