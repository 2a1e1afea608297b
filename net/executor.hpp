// A loop as an Asio executor: co_spawn, awaitable, strands, channels and completion tokens work on it, on
// both backends. The only header that every user of Asio together with a loop needs.
#pragma once

#include <twinwire/net/loop_executor.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/icmp.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

// Constructing a plain Asio resolver on a simulated loop throws. Its sockets and timers do so by themselves
// (see sim/asio_context.hpp); a resolver would not look for the operating system before it is used.
namespace boost::asio {

#define TWINWIRE_GUARD_RESOLVER(protocol)                                                         \
  template <>                                                                                     \
  inline detail::resolver_service<protocol>& use_service<detail::resolver_service<protocol>>(     \
      execution_context & context) {                                                              \
    ::twinwire::detail::forbid_on_simulated(context, "resolver");                                 \
    return context.service_registry_->template use_service<detail::resolver_service<protocol>>(); \
  }
TWINWIRE_GUARD_RESOLVER(ip::tcp)
TWINWIRE_GUARD_RESOLVER(ip::udp)
TWINWIRE_GUARD_RESOLVER(ip::icmp)
#undef TWINWIRE_GUARD_RESOLVER

}  // namespace boost::asio
