#include "tls_contexts.hpp"

#include <certificates.hpp>

namespace twinwire::differential {

TlsContexts tls_contexts() {
  static const TlsContexts contexts{tls_server(certificates::server_options()),
                                    tls_client(certificates::client_options())};
  return contexts;
}

}  // namespace twinwire::differential
