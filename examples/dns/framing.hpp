// Messages on a stream, each behind its length: RFC 1035, 4.2.2.
#pragma once

#include <twinwire/net/streams.hpp>

#include <string>

namespace dns {

/// A message as it travels on a stream. Throws std::length_error for one of more than 65,535 bytes.
std::string framed(const std::string& message);

/// Reads the next message. Throws what StreamReader::read_exactly does.
twinwire::awaitable<std::string> read_framed(twinwire::StreamReader reader);

}  // namespace dns
