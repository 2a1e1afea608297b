#include <twinwire/real/descriptor.hpp>
#include <twinwire/real/resolver.hpp>
#include <twinwire/real/socket_address.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>

#include <boost/asio/error.hpp>

namespace twinwire::real {
namespace {

error_code lookup_error(int result, int number) {
  switch (result) {
    case 0:
      return {};
    case EAI_AGAIN:
      return boost::asio::error::host_not_found_try_again;
    case EAI_BADFLAGS:
      return make_error(errc::invalid_argument);
    case EAI_FAIL:
      return boost::asio::error::no_recovery;
    case EAI_FAMILY:
      return make_error(errc::address_family_not_supported);
    case EAI_MEMORY:
      return make_error(errc::not_enough_memory);
    case EAI_SERVICE:
      return boost::asio::error::service_not_found;
    case EAI_SOCKTYPE:
      return boost::asio::error::socket_type_not_supported;
    case EAI_SYSTEM:
      return system_code(number);
    default:
      return boost::asio::error::host_not_found;
  }
}

addrinfo make_hints(const twinwire::detail::ResolveRequest& request) {
  addrinfo hints{};
  hints.ai_family = native_family(request.family);
  hints.ai_socktype = SOCK_STREAM;
  // No AI_ADDRCONFIG: it hides ::1 on a host whose only IPv6 address that is.
  if (request.passive) hints.ai_flags |= AI_PASSIVE;
  if (Address::parse(request.host, 0)) hints.ai_flags |= AI_NUMERICHOST;
  return hints;
}

}  // namespace

error_code look_up(const twinwire::detail::ResolveRequest& request, std::vector<Address>& addresses) {
  const addrinfo hints = make_hints(request);
  addrinfo* found = nullptr;
  const char* host = request.host.empty() ? nullptr : request.host.c_str();
  const char* service = request.service.empty() ? nullptr : request.service.c_str();
  const int result = ::getaddrinfo(host, service, &hints, &found);
  if (result != 0) return lookup_error(result, errno);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress native;
    if (one->ai_addrlen > *native.size_pointer()) continue;
    std::memcpy(native.data(), one->ai_addr, one->ai_addrlen);
    *native.size_pointer() = one->ai_addrlen;
    const Address address = native.address();
    if (address.family() == Family::unspecified) continue;
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return {};
}

}  // namespace twinwire::real
