#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/open_file.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace twinwire::real {

IoResult OpenFile::read_at(std::uint64_t offset, MutableBytes buffer) {
  ssize_t count = 0;
  do {
    count = ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {0, last_error(), true};
  return {static_cast<std::size_t>(count), {}, false};
}

std::uint64_t OpenFile::position() const {
  return static_cast<std::uint64_t>(::lseek(descriptor_, 0, SEEK_CUR));
}

void OpenFile::set_position(std::uint64_t offset) {
  ::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET);
}

std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error) {
  struct stat status{};
  const int flags = ::fcntl(file.value, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || ::fstat(file.value, &status) < 0 ||
      (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))) {
    error = make_error(errc::invalid_argument);
    return nullptr;
  }
  return std::make_unique<OpenFile>(file.value);
}

NativeHandle open_file(const std::string& path, error_code& error) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) error = last_error();
  return {descriptor};
}

}  // namespace twinwire::real
