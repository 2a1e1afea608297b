#include <twinwire/real/socket_address.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <netinet/in.h>

namespace twinwire::real {

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
  return {};
}

int native_family(Family family) noexcept {
  switch (family) {
    case Family::ipv4:
      return AF_INET;
    case Family::ipv6:
      return AF_INET6;
    case Family::unspecified:
      break;
  }
  return AF_UNSPEC;
}

}  // namespace twinwire::real
