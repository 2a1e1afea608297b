// Where to listen, as command lines say it.
#pragma once

#include <twinwire/net/connection.hpp>

#include <stdexcept>
#include <string>

namespace examples {

/// "localhost:6697", "[::1]:6697". Throws std::invalid_argument for anything else.
inline twinwire::ServerOptions listen_on(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == 0 || colon == text.npos || colon + 1 == text.size())
    throw std::invalid_argument("HOST:PORT is wanted, not \"" + text + "\"");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, text.substr(colon + 1)};
}

}  // namespace examples
