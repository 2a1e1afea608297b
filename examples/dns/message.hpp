// Messages of the domain name system, as values and as bytes.
//
// https://www.rfc-editor.org/rfc/rfc1035 section 4, https://www.rfc-editor.org/rfc/rfc6891 (EDNS)
#pragma once

#include "name.hpp"

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dns {

/// Any other number may come, too.
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  opt = 41,
  any = 255
};

enum class Rcode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,  ///< NXDOMAIN
  not_implemented = 4,
  refused = 5,
  bad_version = 16
};

constexpr std::uint16_t class_internet = 1;
constexpr std::size_t header_size = 12;
/// Over UDP, for those who do not say otherwise.
constexpr std::size_t plain_udp_max = 512;
/// What passes through nearly every network in one piece (the DNS flag day of 2020).
constexpr std::uint16_t safe_udp_max = 1232;

struct Question {
  Name name;
  Type type = Type::a;
  std::uint16_t klass = class_internet;
  bool operator==(const Question&) const = default;
};

struct Record {
  Name name;
  Type type = Type::a;
  std::uint16_t klass = class_internet;
  std::uint32_t ttl_s = 0;
  /// As it travels, but with the names in it in full.
  std::string data;
  bool operator==(const Record&) const = default;
};

/// What the OPT record says, beside the upper bits of the rcode.
struct Edns {
  std::uint16_t udp_max = safe_udp_max;  ///< bytes that the sender can receive
  std::uint8_t version = 0;
  bool operator==(const Edns&) const = default;
};

struct Message {
  std::uint16_t id = 0;
  bool response = false;
  std::uint8_t opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  Rcode rcode = Rcode::no_error;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;  ///< without the OPT record
  std::optional<Edns> edns;
  bool operator==(const Message&) const = default;
};

/// Reads a message. Nothing if it is not one, from its first to its last byte.
std::optional<Message> decode(twinwire::Bytes bytes);

/// Only the header, of a message that may be damaged otherwise. Nothing if it is shorter than that.
std::optional<Message> decode_header(twinwire::Bytes bytes);

/// Writes a message. Names that begin records or questions are shortened to pointers where they can be.
std::string encode(const Message& message);

}  // namespace dns
