// Addresses as text, and the order in which candidates are tried.
#include "property.hpp"

#include <twinwire/net/address.hpp>
#include <twinwire/net/operations/connect_operation.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace twinwire {

void showValue(const Address& address, std::ostream& os) {
  os << address.to_string();
}

namespace {

rc::Gen<Address> ipv4_addresses() {
  return rc::gen::apply(
      [](std::array<std::uint8_t, 4> bytes, std::uint16_t port) { return Address::from_ipv4(bytes, port); },
      rc::gen::arbitrary<std::array<std::uint8_t, 4>>(), rc::gen::arbitrary<std::uint16_t>());
}

/// With zeros, which are written short, and with the prefixes that have a scope.
rc::Gen<Address> ipv6_addresses() {
  const auto bytes = rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::weightedOneOf<std::uint8_t>(
      {{2, rc::gen::just<std::uint8_t>(0)}, {1, rc::gen::arbitrary<std::uint8_t>()}}));
  return rc::gen::apply(
      [](std::array<std::uint8_t, 16> address, std::uint16_t port, bool link_local, std::uint32_t scope) {
        if (link_local) {
          address[0] = 0xfe;
          address[1] = 0x80;
        }
        return Address::from_ipv6(address, port, link_local ? scope : 0);
      },
      bytes, rc::gen::arbitrary<std::uint16_t>(), rc::gen::arbitrary<bool>(),
      rc::gen::inRange<std::uint32_t>(0, 1'000'000));
}

rc::Gen<Address> addresses() {
  return rc::gen::oneOf(ipv4_addresses(), ipv6_addresses());
}

/// Names of Unix sockets: whole paths, abstract names of any bytes but the one that begins an escape, and
/// none.
rc::Gen<Address> unix_addresses() {
  return rc::gen::map(rc::gen::container<std::string>(rc::gen::arbitrary<char>()), [](std::string name) {
    std::erase(name, '\\');
    name.resize(std::min(name.size(), Address::path_max - 1));
    if (name.empty()) return Address::from_path("");
    if (name.size() % 2 == 0) return Address::from_path(std::string(1, '\0') + name);
    std::ranges::replace(name, '\0', '0');
    return Address::from_path('/' + name);
  });
}

PROPERTY("an address is read back from its own text") {
  const Address address = *addresses();
  const auto parsed = Address::parse(address.host(), address.port());
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == address);
  const std::string host = address.family() == Family::ipv6 ? "[" + address.host() + "]" : address.host();
  RC_ASSERT(address.to_string() == host + ":" + std::to_string(address.port()));
}

PROPERTY("what is read as an address is read back the same from its text, and nothing crashes") {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::elementOf(std::string("0123456789abcdef:.%:.")), rc::gen::arbitrary<char>()));
  const auto address = Address::parse(text, 80);
  if (!address) return;
  RC_ASSERT(text.find('\0') == std::string::npos);
  RC_ASSERT(Address::parse(address->host(), 80) == address);
}

PROPERTY("equal addresses have equal texts, and different ones different texts") {
  const auto any = rc::gen::oneOf(addresses(), unix_addresses());
  const Address a = *any;
  const Address b = *rc::gen::oneOf(any, rc::gen::just(a));
  RC_ASSERT((a == b) == (a.to_string() == b.to_string()));
}

PROPERTY(
    "the text of a Unix socket's name can be shown, and a name that is too long or has a NUL is refused") {
  const Address address = *unix_addresses();
  for (const char c : address.to_string()) RC_ASSERT(static_cast<unsigned char>(c) >= ' ');
  RC_ASSERT(Address::from_path(address.path()) == address);
  RC_ASSERT(!Address::parse(address.to_string(), 0));
  const std::string longer = address.path() + std::string(Address::path_max + 1 - address.path().size(), 'x');
  RC_ASSERT_THROWS_AS(Address::from_path(longer), std::invalid_argument);
  if (address.is_file() && address.path().size() < Address::path_max) {
    RC_ASSERT_THROWS_AS(Address::from_path(address.path() + '\0'), std::invalid_argument);
  }
}

/// Addresses of one family, in the order of the list.
std::vector<Address> of_family(const std::vector<Address>& all, Family family) {
  std::vector<Address> some;
  std::ranges::copy_if(all, std::back_inserter(some),
                       [&](const Address& address) { return address.family() == family; });
  return some;
}

PROPERTY("interleaving keeps every address and the order within a family, and alternates") {
  const auto all = *rc::gen::container<std::vector<Address>>(addresses());
  const auto first_count = *rc::gen::inRange(0, 6);
  const std::vector<Address> mixed = detail::interleave_families(all, first_count);
  RC_ASSERT(mixed.size() == all.size());
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    RC_ASSERT(of_family(mixed, family) == of_family(all, family));
  }
  if (first_count == 0 || all.empty()) {
    RC_ASSERT(mixed == all);
    return;
  }
  const Family first = all.front().family();
  const std::size_t of_first = of_family(all, first).size();
  const std::size_t head = std::min<std::size_t>(static_cast<std::size_t>(first_count), of_first);
  for (std::size_t i = 0; i < head; ++i) RC_ASSERT(mixed[i].family() == first);
  // From the last of the head on they alternate, as long as there are both.
  const std::size_t of_second = all.size() - of_first;
  const std::size_t pairs = std::min(of_first - (head - 1), of_second);
  if (of_first < static_cast<std::size_t>(first_count)) return;  // all of the first family, then the rest
  for (std::size_t i = 0; i + 1 < 2 * pairs; ++i) {
    RC_ASSERT(mixed[head - 1 + i].family() != mixed[head + i].family());
  }
}

}  // namespace
}  // namespace twinwire
