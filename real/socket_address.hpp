// Addresses as the system has them.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/real/descriptor.hpp>

#include <optional>
#include <sys/socket.h>

namespace twinwire::real {

/// A sockaddr with its length, for calls that take one and calls that fill one in.
class SocketAddress {
 public:
  /// Empty, with room for any family: to be filled in through data() and size().
  SocketAddress() noexcept : size_(sizeof(storage_)) {}
  explicit SocketAddress(const Address& address) noexcept;

  sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t* size_pointer() noexcept { return &size_; }
  socklen_t size() const noexcept { return size_; }

  /// As an Address; `unspecified` for any other family, and for a path that is longer than an Address can
  /// hold.
  Address address() const noexcept;
  /// True once something was filled in; the family is that of the socket.
  int family() const noexcept { return size_ >= sizeof(sa_family_t) ? storage_.ss_family : AF_UNSPEC; }

 private:
  sockaddr_storage storage_;
  socklen_t size_;
};

/// AF_INET, AF_INET6, AF_UNIX or AF_UNSPEC.
int native_family(Family family) noexcept;
/// The other way round.
Family family_of(int native) noexcept;

/// A new non-blocking stream socket of this family; none, with errno, if there cannot be one.
Descriptor open_stream_socket(Family family) noexcept;

/// None for an address without a family, which stands for "no address" where space matters.
inline std::optional<Address> known_address(const Address& address) {
  if (address.family() == Family::unspecified) return std::nullopt;
  return address;
}

}  // namespace twinwire::real
