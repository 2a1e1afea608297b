// A file descriptor with one owner, and errno as an error code.
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <utility>

namespace twinwire::real {

/// An errno value in the system category.
inline error_code system_code(int number) noexcept {
  return {number, boost::system::system_category()};
}
/// The current errno.
error_code last_error() noexcept;

/// Closes what it owns. -1 is none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = other.release();
    }
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const noexcept { return number_; }
  NativeHandle handle() const noexcept { return {number_}; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  int release() noexcept { return std::exchange(number_, -1); }
  void close() noexcept;

 private:
  int number_ = -1;
};

/// Makes a descriptor that came from elsewhere non-blocking and close-on-exec.
error_code prepare_descriptor(int number) noexcept;

}  // namespace twinwire::real
