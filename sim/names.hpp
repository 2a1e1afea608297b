// Names inside the world.
#pragma once

#include <twinwire/net/backend.hpp>
#include <twinwire/sim/member_event.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinwire::sim {

class Host;

/// The port of a well-known service, as in /etc/services.
std::optional<std::uint16_t> service_port(std::string_view service);

/// A look-up on its way to the world's name service and back. Destroying it abandons it.
class NameQuery final : public detail::Abandonable {
 public:
  NameQuery(Host& host, Loop& loop, detail::ResolveRequest request, detail::ResolveHandler handler);

 private:
  void answer();

  Host& host_;
  Loop& loop_;
  detail::ResolveRequest request_;
  detail::ResolveHandler handler_;
  MemberEvent<NameQuery, &NameQuery::answer> event_{*this};
};

}  // namespace twinwire::sim
