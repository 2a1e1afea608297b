#include <twinwire/net/connection.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/names/name_query.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>

namespace twinwire::sim {
namespace {

constexpr Purpose query_jitter{"name-jitter",
                               "{entity}: the answer to look-up {major} came {outcome}/63 of the jitter "
                               "later (try {minor})"};
constexpr Purpose query_loss{"name-loss", "{entity}: look-up {major} was not answered (try {minor})"};
constexpr Purpose query_order{"name-order",
                              "{entity}: look-up {ordinal} was answered from address {outcome} on"};

}  // namespace

std::optional<std::uint16_t> service_port(std::string_view service) {
  constexpr std::pair<std::string_view, std::uint16_t> well_known[] = {
      {"domain", 53}, {"echo", 7},   {"ftp", 21},    {"http", 80},  {"https", 443},
      {"imap", 143},  {"ldap", 389}, {"ntp", 123},   {"pop3", 110}, {"redis", 6379},
      {"smtp", 25},   {"ssh", 22},   {"telnet", 23},
  };
  for (const auto& [name, port] : well_known) {
    if (name == service) return port;
  }
  return std::nullopt;
}

NameQuery::NameQuery(Host& host, Loop& loop, detail::ResolveRequest request, detail::ResolveHandler handler)
    : host_(host), loop_(loop), request_(std::move(request)), handler_(std::move(handler)) {
  World& world = host_.world();
  port_ = Port(request_.service).number();
  if (!port_) port_ = service_port(request_.service);
  if (!port_ || known_here()) {
    world.schedule(event_, answer_ = world.time());
    return;
  }
  entity_ = loop_.name() + "?" + request_.host;
  number_ = world.names().count(entity_);
  ask();
}

std::optional<std::vector<Address>> NameQuery::known_here() const {
  if (request_.host == "localhost") return std::vector{Address::of("127.0.0.1", 0), Address::of("::1", 0)};
  if (const auto numeric = Address::parse(request_.host, 0)) return std::vector{*numeric};
  return std::nullopt;
}

void NameQuery::ask() {
  World& world = host_.world();
  Choices& choices = world.choices();
  const ZoneOptions& zone = world.names().zone_of(request_.host);
  const std::uint64_t ordinal = paired_ordinal(number_, static_cast<std::uint64_t>(attempt_));
  asked_ = world.time();
  const bool lost = zone.loss.numerator != 0 &&
                    choices.draw_rare(choices.site(entity_, query_loss), ordinal, zone.loss, 1) != 0;
  if (!lost) {
    const Duration takes =
        jittered(choices, choices.site(entity_, query_jitter), ordinal,
                 zone.latency.value_or(world.options().name_latency), world.options().link.jitter);
    answer_ = std::min(answer_, saturating_add(asked_, takes));
  }
  const Duration patience = world.names().resolver(host_).timeout;
  world.schedule(event_, std::min(answer_, saturating_add(asked_, patience)));
}

void NameQuery::next() {
  World& world = host_.world();
  world.set_current(host_, "name answer");
  if (world.time() >= answer_) {
    answer_ = TimePoint::max();
    answered();
  } else {
    world.publish(host_, "no answer", entity_, static_cast<std::uint64_t>(attempt_));
    failed_once();
  }
}

void NameQuery::answered() {
  if (!port_) return finish(boost::asio::error::service_not_found);
  if (const auto known = known_here()) return finish({}, chosen(*known));
  World& world = host_.world();
  const ResolverOptions& resolver = world.names().resolver(host_);
  const NameServer server = resolver.down ? NameServer::silent : world.names().zone_of(request_.host).server;
  switch (server) {
    case NameServer::working:
      return finish({}, chosen(world.lookup(request_.host)));
    case NameServer::denying:
      return finish(boost::asio::error::host_not_found);
    case NameServer::failing:
      return failed_once();
    case NameServer::silent:
      world.schedule(event_, saturating_add(asked_, resolver.timeout));
  }
}

void NameQuery::failed_once() {
  if (++attempt_ < host_.world().names().resolver(host_).attempts) {
    ask();
  } else {
    finish(boost::asio::error::host_not_found_try_again);
  }
}

/// Those of the family, in the order of the answer, with the port.
std::vector<Address> NameQuery::chosen(const std::vector<Address>& addresses) const {
  std::vector<Address> found;
  for (const Address& address : addresses) {
    if (request_.family != Family::unspecified && address.family() != request_.family) continue;
    found.push_back(address.with_port(*port_));
  }
  World& world = host_.world();
  if (found.size() > 1 && !entity_.empty() && world.names().zone_of(request_.host).rotate) {
    Choices& choices = world.choices();
    const std::uint64_t first = choices.draw(choices.site(entity_, query_order), number_, found.size());
    std::ranges::rotate(found, found.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return found;
}

void NameQuery::finish(error_code error, std::vector<Address> addresses) {
  if (!error.failed() && addresses.empty()) error = boost::asio::error::host_not_found;
  detail::ResolveHandler handler = std::move(handler_);
  loop_.guard([&] { handler(error, std::move(addresses)); }, "a resolver completion threw an exception");
}

}  // namespace twinwire::sim
