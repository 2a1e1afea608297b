#include <twinwire/net/connection.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/names.hpp>
#include <twinwire/sim/world.hpp>

#include <utility>
#include <vector>

#include <boost/asio/error.hpp>

namespace twinwire::sim {
namespace {

constexpr Purpose query_jitter{"name-jitter",
                               "{entity}: the name query came back {outcome}/63 of the jitter later"};

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
  Choices& choices = world.choices();
  const Site site = choices.site(loop.name() + "?" + request_.host, query_jitter);
  const Duration takes =
      jittered(choices, site, 0, world.options().name_latency, world.options().link.jitter);
  world.schedule(event_, world.time() + takes);
}

void NameQuery::answer() {
  World& world = host_.world();
  world.set_current(host_, "name answer");
  std::vector<Address> found;
  error_code error;
  std::optional<std::uint16_t> port = Port(request_.service).number();
  if (!port) port = service_port(request_.service);
  if (!port) {
    error = boost::asio::error::service_not_found;
  } else {
    for (const Address& address : world.lookup(request_.host)) {
      if (request_.family != Family::unspecified && address.family() != request_.family) continue;
      found.push_back(address.with_port(*port));
    }
    if (found.empty()) error = boost::asio::error::host_not_found;
  }
  detail::ResolveHandler handler = std::move(handler_);
  loop_.guard([&] { handler(error, std::move(found)); }, "a resolver completion threw an exception");
}

}  // namespace twinwire::sim
