// Network addresses as values: an IPv4 or IPv6 address with a port, or the name of a Unix socket.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinwire {

/// Which address family: `unspecified` in a request means any. (`unix` alone is a macro of some compilers.)
enum class Family : std::uint8_t { unspecified, ipv4, ipv6, unix_domain };

/// An address and a port, or a name of unix(7). A plain value: copied freely, ordered, no thread rules.
class Address {
 public:
  Address() = default;

  /// Parses a numeric host ("192.0.2.1", "2001:db8::1", "fe80::1%2") and attaches the port.
  /// Empty when the text is not a numeric address (a name, say).
  static std::optional<Address> parse(std::string_view host, std::uint16_t port);

  /// The same, for text that must be an address: throws std::invalid_argument naming it.
  static Address of(std::string_view host, std::uint16_t port);

  static Address from_ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept;
  static Address from_ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                           std::uint32_t scope_id = 0) noexcept;

  /// The name of a Unix socket, of three kinds: a path in the file system; an *abstract* name, which begins
  /// with a NUL and may hold any bytes behind it; the empty one of a socket that was never bound. Throws
  /// std::invalid_argument for one that is too long, and for a path with a NUL in it.
  static Address from_path(std::string path);
  /// The most bytes in a path, or in an abstract name with its NUL.
  static constexpr std::size_t path_max = 107;

  Family family() const noexcept { return family_; }
  std::uint16_t port() const noexcept { return port_; }
  std::uint32_t scope_id() const noexcept { return scope_id_; }
  /// Network byte order; an IPv4 address uses the first four.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

  /// The name of a Unix socket; empty for other families.
  const std::string& path() const noexcept { return path_; }
  /// A Unix socket's name that is none of the file system.
  bool is_abstract() const noexcept { return path_.starts_with('\0'); }
  /// A Unix socket's name that is a file.
  bool is_file() const noexcept { return !path_.empty() && !is_abstract(); }

  Address with_port(std::uint16_t port) const noexcept;
  /// 0.0.0.0 or ::
  bool is_unspecified() const noexcept;
  bool is_loopback() const noexcept;

  /// "192.0.2.1", "2001:db8::1"; of a Unix socket as to_string.
  std::string host() const;
  /// "192.0.2.1:80", "[2001:db8::1]:80", "/run/x", "@abstract", "(unnamed)". Bytes of a Unix socket's name
  /// that cannot be shown are "\x1b".
  std::string to_string() const;

  auto operator<=>(const Address&) const = default;

 private:
  Family family_ = Family::unspecified;
  std::uint16_t port_ = 0;
  std::uint32_t scope_id_ = 0;
  std::array<std::uint8_t, 16> bytes_{};
  std::string path_;
};

}  // namespace twinwire
