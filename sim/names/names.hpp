// The names of a simulated world: which addresses they have, and how well they can be asked for.
//
//     world.names().add("db.example", {Address::of("10.0.0.1", 0), Address::of("10.0.0.2", 0)});
//     world.names().zone("example").server = NameServer::failing;   // from now on
//     world.names().resolver(client).down = true;                   // one host alone has no name server
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::sim {

class Host;

/// What those who know a zone say when they are asked.
enum class NameServer : std::uint8_t {
  working,  ///< the addresses of the name, or that there is none of it
  denying,  ///< NXDOMAIN: no name of the zone exists
  failing,  ///< SERVFAIL: it is asked once more, then the look-up fails for now
  silent,   ///< nothing: the look-up times out
};

/// How the names of a zone are answered. May be changed at any time; it counts when an answer is given.
struct ZoneOptions {
  NameServer server = NameServer::working;
  /// What a question and its answer take together; none: WorldOptions::name_latency. Jitter as of links.
  std::optional<Duration> latency;
  /// That a question or its answer is lost.
  Odds loss;
  /// The addresses come in turns: which of them is first is drawn for each look-up, calm is the first one.
  bool rotate = false;
};

/// How a host asks: https://man7.org/linux/man-pages/man5/resolv.conf.5.html
struct ResolverOptions {
  /// How long it waits for an answer before it asks again, or gives up.
  Duration timeout = std::chrono::seconds(5);
  /// How often it asks.
  int attempts = 2;
  /// Nothing that this host asks is answered.
  bool down = false;
};

/// Owned by its world. "localhost" is not among them: each host knows that itself.
class Names {
 public:
  /// A name with its addresses, IPv4 and IPv6, whose ports do not matter, in the order in which they are
  /// answered. Takes the place of what the name had before. The names of hosts need not be added.
  void add(const std::string& name, std::vector<Address> addresses);
  /// The name exists no more; that of a host has the host's addresses again.
  void remove(const std::string& name);

  /// The options of a name and of all names that end in it: "db.example", "example"; "" is all names. The
  /// longest zone that fits a name counts. Made when it is asked for first, with the default options.
  ZoneOptions& zone(const std::string& name) { return zones_[name]; }
  ResolverOptions& resolver(const Host& host);

  // --- for look-ups ---

  /// The addresses that were added; null if the name was not.
  const std::vector<Address>* find(const std::string& name) const;
  const ZoneOptions& zone_of(std::string_view name) const;
  /// How many look-ups of this entity there were before.
  std::uint64_t count(const std::string& entity) { return counts_[entity]++; }

 private:
  std::map<std::string, std::vector<Address>> addresses_;
  std::map<std::string, ZoneOptions, std::less<>> zones_;
  std::map<std::uint64_t, ResolverOptions> resolvers_;  ///< by the index of their host
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace twinwire::sim
