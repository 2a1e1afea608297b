#include <twinwire/real/socket_address.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/un.h>

namespace twinwire::real {
namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

}  // namespace

SocketAddress::SocketAddress(const Address& address) noexcept {
  const auto& bytes = address.bytes();
  if (address.family() == Family::ipv6) {
    sockaddr_in6 native{};
    native.sin6_family = AF_INET6;
    native.sin6_port = htons(address.port());
    native.sin6_scope_id = address.scope_id();
    std::memcpy(&native.sin6_addr, bytes.data(), sizeof(native.sin6_addr));
    std::memcpy(&storage_, &native, sizeof(native));
    size_ = sizeof(native);
  } else if (address.family() == Family::unix_domain) {
    const std::string& path = address.path();
    static_assert(Address::path_max < sizeof(sockaddr_un::sun_path));
    sockaddr_un native{};
    native.sun_family = AF_UNIX;
    std::memcpy(native.sun_path, path.data(), path.size());
    std::memcpy(&storage_, &native, sizeof(native));
    // The length tells where an abstract name ends, a NUL where a path does.
    size_ = static_cast<socklen_t>(path_offset + path.size() + (address.is_file() ? 1 : 0));
  } else {
    sockaddr_in native{};
    native.sin_family = AF_INET;
    native.sin_port = htons(address.port());
    std::memcpy(&native.sin_addr, bytes.data(), sizeof(native.sin_addr));
    std::memcpy(&storage_, &native, sizeof(native));
    size_ = sizeof(native);
  }
}

Address SocketAddress::address() const noexcept {
  if (family() == AF_INET && size_ >= sizeof(sockaddr_in)) {
    sockaddr_in native;
    std::memcpy(&native, &storage_, sizeof(native));
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &native.sin_addr, bytes.size());
    return Address::from_ipv4(bytes, ntohs(native.sin_port));
  }
  if (family() == AF_INET6 && size_ >= sizeof(sockaddr_in6)) {
    sockaddr_in6 native;
    std::memcpy(&native, &storage_, sizeof(native));
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &native.sin6_addr, bytes.size());
    return Address::from_ipv6(bytes, ntohs(native.sin6_port), native.sin6_scope_id);
  }
  if (family() == AF_UNIX) {
    const char* const name = reinterpret_cast<const char*>(&storage_) + path_offset;
    std::size_t size = size_ > path_offset ? size_ - path_offset : 0;
    if (size != 0 && name[0] != '\0') size = ::strnlen(name, size);
    if (size <= Address::path_max) return Address::from_path(std::string(name, size));
  }
  return {};
}

Family family_of(int native) noexcept {
  switch (native) {
    case AF_INET:
      return Family::ipv4;
    case AF_INET6:
      return Family::ipv6;
    case AF_UNIX:
      return Family::unix_domain;
    default:
      return Family::unspecified;
  }
}

int native_family(Family family) noexcept {
  switch (family) {
    case Family::ipv4:
      return AF_INET;
    case Family::ipv6:
      return AF_INET6;
    case Family::unix_domain:
      return AF_UNIX;
    case Family::unspecified:
      break;
  }
  return AF_UNSPEC;
}

Descriptor open_stream_socket(Family family) noexcept {
  const int protocol = family == Family::unix_domain ? 0 : IPPROTO_TCP;
  return Descriptor(::socket(native_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

}  // namespace twinwire::real
