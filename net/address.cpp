#include <twinwire/net/address.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/ip/address.hpp>

namespace twinwire {

namespace asio = boost::asio;

namespace {

/// The name of a Unix socket as text, whatever bytes are in it.
std::string shown(std::string_view name) {
  if (name.empty()) return "(unnamed)";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  if (name.front() == '\0') {
    text = "@";
    name.remove_prefix(1);
  }
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return text;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
  if (host.find('\0') != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  const asio::ip::address parsed = asio::ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  if (parsed.is_v4()) return from_ipv4(parsed.to_v4().to_bytes(), port);
  const asio::ip::address_v6 v6 = parsed.to_v6();
  return from_ipv6(v6.to_bytes(), port, static_cast<std::uint32_t>(v6.scope_id()));
}

Address Address::of(std::string_view host, std::uint16_t port) {
  if (auto address = parse(host, port)) return *address;
  throw std::invalid_argument("\"" + std::string(host) + "\" is not a numeric IPv4 or IPv6 address");
}

Address Address::from_ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept {
  Address address;
  address.family_ = Family::ipv4;
  address.port_ = port;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

Address Address::from_ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                           std::uint32_t scope_id) noexcept {
  Address address;
  address.family_ = Family::ipv6;
  address.port_ = port;
  address.scope_id_ = scope_id;
  address.bytes_ = bytes;
  return address;
}

Address Address::from_path(std::string path) {
  Address address;
  address.family_ = Family::unix_domain;
  address.path_ = std::move(path);
  const std::string& name = address.path_;
  if (name.size() > path_max) {
    throw std::invalid_argument(
        "\"" + address.to_string() + "\" is too long for the name of a Unix socket: " +
        std::to_string(name.size()) + " bytes, " + std::to_string(path_max) + " at most");
  }
  if (address.is_file() && name.find('\0') != std::string::npos) {
    throw std::invalid_argument("\"" + address.to_string() + "\" is no path: there is a NUL in it");
  }
  return address;
}

Address Address::with_port(std::uint16_t port) const noexcept {
  Address copy = *this;
  copy.port_ = port;
  return copy;
}

bool Address::is_unspecified() const noexcept {
  return family_ != Family::unix_domain &&
         std::ranges::all_of(bytes_, [](std::uint8_t byte) { return byte == 0; });
}

bool Address::is_loopback() const noexcept {
  if (family_ == Family::ipv4) return bytes_[0] == 127;
  if (family_ == Family::ipv6) return asio::ip::address_v6(bytes_).is_loopback();
  return false;
}

std::string Address::host() const {
  switch (family_) {
    case Family::ipv4:
      return asio::ip::address_v4({bytes_[0], bytes_[1], bytes_[2], bytes_[3]}).to_string();
    case Family::ipv6: {
      // With the number of the scope: its name may be another one on another machine.
      const std::string text = asio::ip::address_v6(bytes_).to_string();
      return scope_id_ == 0 ? text : text + "%" + std::to_string(scope_id_);
    }
    case Family::unix_domain:
      return shown(path_);
    case Family::unspecified:
      break;
  }
  return "unspecified";
}

std::string Address::to_string() const {
  if (family_ == Family::unix_domain) return host();
  const std::string port = std::to_string(port_);
  return family_ == Family::ipv6 ? "[" + host() + "]:" + port : host() + ":" + port;
}

}  // namespace twinwire
