// The server: HTTP/1.1 by Boost.Beast, over whatever the acceptor accepts.
#pragma once

#include "limits.hpp"
#include "site.hpp"

#include <twinwire/net/asio/socket_acceptor.hpp>
#include <twinwire/net/async.hpp>

#include <memory>

namespace https {

/// Accepts connections, and answers what is asked on each, until it is cancelled. Those that are open then go
/// on. The acceptor listens already, for TCP, whose user timeout is a limit here; and it outlives this.
twinwire::awaitable<void> serve(twinwire::socket_acceptor& acceptor, std::shared_ptr<const Site> site,
                                Limits limits = {});

}  // namespace https
