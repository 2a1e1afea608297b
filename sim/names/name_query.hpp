// A look-up of a name inside the world.
#pragma once

#include <twinwire/net/wire/backend.hpp>
#include <twinwire/sim/member_event.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire {
class Loop;
}

namespace twinwire::sim {

class Host;

/// The port of a well-known service, as in /etc/services.
std::optional<std::uint16_t> service_port(std::string_view service);

/// Asks, waits, and asks again, as the resolver of glibc does, and fails with its errors: host_not_found
/// (EAI_NONAME, EAI_NODATA), host_not_found_try_again (EAI_AGAIN) after servers that fail or do not answer,
/// service_not_found (EAI_SERVICE). An answer to an earlier question still counts. Services, numbers and
/// "localhost" are known to the host. Destroying it abandons the look-up.
class NameQuery final : public detail::Abandonable {
 public:
  NameQuery(Host& host, Loop& loop, detail::ResolveRequest request, detail::ResolveHandler handler);

 private:
  void ask();
  void next();
  void answered();
  void failed_once();
  /// What the host knows itself; nothing if others must be asked.
  std::optional<std::vector<Address>> known_here() const;
  std::vector<Address> chosen(const std::vector<Address>& addresses) const;
  void finish(error_code error, std::vector<Address> addresses = {});

  Host& host_;
  Loop& loop_;
  detail::ResolveRequest request_;
  detail::ResolveHandler handler_;
  std::optional<std::uint16_t> port_;
  std::string entity_;  ///< "client?server"
  std::uint64_t number_ = 0;
  int attempt_ = 0;
  TimePoint asked_{};
  TimePoint answer_ = TimePoint::max();  ///< when the first answer will be there
  MemberEvent<NameQuery, &NameQuery::next> event_{*this};
};

}  // namespace twinwire::sim
