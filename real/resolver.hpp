// Name resolution: https://man7.org/linux/man-pages/man3/getaddrinfo.3.html
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/wire/backend.hpp>

#include <vector>

namespace twinwire::real {

/// Asks the system, and blocks until it has answered: for a thread other than the loop's. Each address comes
/// once, in the system's order (RFC 6724). A numeric host is never looked up, only its service is. Errors are
/// those of Asio's resolver: the netdb and addrinfo categories, or a system error.
error_code look_up(const twinwire::detail::ResolveRequest& request, std::vector<Address>& addresses);

}  // namespace twinwire::real
