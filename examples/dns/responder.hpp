// What a server answers, apart from how messages reach it.
#pragma once

#include "message.hpp"
#include "zone.hpp"

#include <twinwire/net/bytes.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace dns {

/// Answers questions about one zone, and only those: it asks nobody else. A plain function of bytes, so that
/// every way in which messages come (and every test) shares it.
class Responder {
 public:
  explicit Responder(Zone zone) : zone_(std::move(zone)) {}

  enum class Carrier : std::uint8_t { datagram, stream };

  /// The answer to a message; nothing if it gets none: it is too short, or an answer itself. One that does
  /// not fit into what the carrier takes, and who asks can receive, is sent without its records, truncated.
  std::optional<std::string> answer(twinwire::Bytes message, Carrier carrier) const;

  const Zone& zone() const noexcept { return zone_; }

 private:
  Zone zone_;
};

}  // namespace dns
