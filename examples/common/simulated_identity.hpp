// TLS for the simulated hosts of the examples: a server called "server", and clients who trust it.
#pragma once

#include <twinwire/net/tls_settings.hpp>

#include <memory>

namespace examples {

/// Always the same two. The key is in the sources, and so worth nothing outside of a simulation.
std::shared_ptr<const twinwire::TlsContext> simulated_server();
std::shared_ptr<const twinwire::TlsContext> simulated_client();

}  // namespace examples
