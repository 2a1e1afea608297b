#include "record_data.hpp"

#include <twinwire/net/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace dns {
namespace {

/// The fields of each known type: n a name, 2 and 4 numbers of so many bytes, a and 6 addresses, s texts (one
/// or more, each behind its length).
struct KnownType {
  Type type;
  std::string_view name;
  std::string_view fields;
};

constexpr std::array known_types{
    KnownType{Type::a, "A", "a"},     KnownType{Type::aaaa, "AAAA", "6"},
    KnownType{Type::ns, "NS", "n"},   KnownType{Type::cname, "CNAME", "n"},
    KnownType{Type::ptr, "PTR", "n"}, KnownType{Type::mx, "MX", "2n"},
    KnownType{Type::txt, "TXT", "s"}, KnownType{Type::soa, "SOA", "nn44444"},
    KnownType{Type::opt, "OPT", ""},  KnownType{Type::any, "ANY", ""},
};

const KnownType* find(Type type) {
  const auto* found = std::ranges::find(known_types, type, &KnownType::type);
  return found == known_types.end() || found->fields.empty() ? nullptr : found;
}

// --- from a message ---

std::string read_field(Cursor& cursor, char field, std::size_t end) {
  switch (field) {
    case 'n':
      return cursor.name().wire();
    case 'a':
    case '4':
      return std::string(cursor.bytes(4));
    case '6':
      return std::string(cursor.bytes(16));
    case '2':
      return std::string(cursor.bytes(2));
    default:
      break;
  }
  std::string texts;
  do {
    const std::size_t length = cursor.u8();
    texts += static_cast<char>(length);
    texts += cursor.bytes(length);
  } while (!cursor.failed() && cursor.position() < end);
  return texts;
}

// --- from words ---

std::optional<std::string> number_of(const std::string& word, std::size_t size) {
  std::uint32_t value = 0;
  const char* end = word.data() + word.size();
  const auto [last, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc{} || last != end || (size == 2 && value > UINT16_MAX)) return std::nullopt;
  std::string bytes;
  for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::optional<std::string> address_of(const std::string& word, twinwire::Family family, std::size_t size) {
  const auto address = twinwire::Address::parse(word, 0);
  if (!address || address->family() != family) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(address->bytes().data()), size);
}

std::optional<std::string> field_of(char field, const std::string& word, const Name& origin) {
  switch (field) {
    case 'a':
      return address_of(word, twinwire::Family::ipv4, 4);
    case '6':
      return address_of(word, twinwire::Family::ipv6, 16);
    case 'n': {
      const std::optional<Name> name = complete_name(word, origin);
      return name ? std::optional(name->wire()) : std::nullopt;
    }
    case 's':
      if (word.size() > UINT8_MAX) return std::nullopt;
      return static_cast<char>(word.size()) + word;
    default:
      return number_of(word, field == '2' ? 2 : 4);
  }
}

// --- to text ---

std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte >= ' ' && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += '\\' + std::to_string(1000 + byte).substr(1);
    }
  }
  return quoted + '"';
}

template <std::size_t Size>
std::array<std::uint8_t, Size> address_bytes(std::string_view bytes) {
  std::array<std::uint8_t, Size> copied{};
  std::memcpy(copied.data(), bytes.data(), std::min(Size, bytes.size()));
  return copied;
}

std::string field_text(Cursor& cursor, char field) {
  switch (field) {
    case 'n':
      return cursor.name().to_string();
    case 'a':
      return twinwire::Address::from_ipv4(address_bytes<4>(cursor.bytes(4)), 0).host();
    case '6':
      return twinwire::Address::from_ipv6(address_bytes<16>(cursor.bytes(16)), 0).host();
    case '2':
      return std::to_string(cursor.u16());
    case '4':
      return std::to_string(cursor.u32());
    default:
      return quoted(cursor.bytes(cursor.u8()));
  }
}

std::string unknown_text(std::string_view data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\# " + std::to_string(data.size());
  if (!data.empty()) text += ' ';
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    text += {digits[byte >> 4U], digits[byte & 15U]};
  }
  return text;
}

}  // namespace

std::string read_data(Cursor& cursor, Type type, std::size_t size) {
  const KnownType* known = find(type);
  if (!known) return std::string(cursor.bytes(size));
  const std::size_t end = cursor.position() + size;
  std::string data;
  for (const char field : known->fields) data += read_field(cursor, field, end);
  if (cursor.position() != end) cursor.fail();
  return data;
}

std::optional<Name> complete_name(std::string_view text, const Name& origin) {
  if (text == "@") return origin;
  std::optional<Name> name = Name::parse(text);
  if (!name) return std::nullopt;
  // A dot that is escaped is none; an escaped backslash in front of one is rare enough.
  const bool complete = text.ends_with('.') && !text.ends_with("\\.");
  if (!complete && !name->append(origin)) return std::nullopt;
  return name;
}

std::optional<std::string> data_of(Type type, std::span<const std::string> words, const Name& origin) {
  const KnownType* known = find(type);
  if (!known) return std::nullopt;
  const bool texts = known->fields == "s";
  if (texts ? words.empty() : words.size() != known->fields.size()) return std::nullopt;
  std::string data;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto field = field_of(texts ? 's' : known->fields[i], words[i], origin);
    if (!field) return std::nullopt;
    data += *field;
  }
  if (data.size() > UINT16_MAX) return std::nullopt;
  return data;
}

std::string data_text(const Record& record) {
  const KnownType* known = find(record.type);
  if (!known) return unknown_text(record.data);
  Cursor cursor(twinwire::as_bytes(record.data));
  std::string text;
  for (std::size_t i = 0; !cursor.failed() && (i == 0 || !cursor.at_end()); ++i) {
    const char field = known->fields[std::min(i, known->fields.size() - 1)];
    if (i != 0) text += ' ';
    text += field_text(cursor, field);
  }
  return text;
}

Name name_in(const Record& record) {
  const KnownType* known = find(record.type);
  if (!known || known->fields != "n") return {};
  Cursor cursor(twinwire::as_bytes(record.data));
  return cursor.name();
}

std::optional<Type> type_of(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto* found = std::ranges::find(known_types, upper, &KnownType::name);
  if (found == known_types.end()) return std::nullopt;
  return found->type;
}

std::string to_string(Type type) {
  const auto* found = std::ranges::find(known_types, type, &KnownType::type);
  if (found != known_types.end()) return std::string(found->name);
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::string to_string(Rcode rcode) {
  switch (rcode) {
    case Rcode::no_error:
      return "NOERROR";
    case Rcode::format_error:
      return "FORMERR";
    case Rcode::server_failure:
      return "SERVFAIL";
    case Rcode::name_error:
      return "NXDOMAIN";
    case Rcode::not_implemented:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
    case Rcode::bad_version:
      return "BADVERS";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

std::string to_string(const Record& record) {
  return record.name.to_string() + " " + std::to_string(record.ttl_s) + " IN " + to_string(record.type) +
         " " + data_text(record);
}

}  // namespace dns
