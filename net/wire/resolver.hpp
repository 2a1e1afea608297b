// How names become addresses: what is asked, and how it is answered.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/callback.hpp>
#include <twinwire/net/error.hpp>

#include <string>
#include <vector>

namespace twinwire {

/// A name to look up. At least one of host and service is not empty.
struct ResolveRequest {
  std::string host;     ///< a name or a numeric address; empty: any (passive) or loopback
  std::string service;  ///< a name or a number; empty: 0
  Family family = Family::unspecified;
  bool passive = false;  ///< for binding
};

/// How a look-up ended: addresses, ports included, in the order to try, or why there are none.
using ResolveHandler = UniqueFunction<void(error_code, std::vector<Address>)>;

/// Looks names up for a loop, on its thread. It calls `answer` once: at once, later, or never, if the look-up
/// is to stay pending. Calling it when nobody waits any more is harmless. What the resolver throws is what
/// the look-up fails with, and so the operation that asked.
using Resolver = UniqueFunction<void(const ResolveRequest& request, ResolveHandler answer)>;

}  // namespace twinwire
