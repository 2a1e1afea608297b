#include "format.hpp"

#include <string_view>

namespace resp {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '\\':
      case '"':
        out += '\\', out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (c >= ' ' && c <= '~') {
          out += c;
        } else {
          const auto byte = static_cast<unsigned char>(c);
          out += "\\x";
          out += hex[byte >> 4];
          out += hex[byte & 15];
        }
    }
  }
  return out + '"';
}

/// `indent` stands before every line but the first.
std::string formatted(const Reply& reply, const std::string& indent) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return "(nil)\n";
    case Reply::Kind::status:
      return reply.text + "\n";
    case Reply::Kind::error:
      return "(error) " + reply.text + "\n";
    case Reply::Kind::integer:
      return "(integer) " + std::to_string(reply.integer) + "\n";
    case Reply::Kind::bulk:
      return quoted(reply.text) + "\n";
    case Reply::Kind::array:
      break;
  }
  if (reply.elements.empty()) return "(empty array)\n";
  const std::size_t width = std::to_string(reply.elements.size()).size();
  const std::string deeper = indent + std::string(width + 2, ' ');
  std::string out;
  for (std::size_t i = 0; i < reply.elements.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (i != 0) out += indent;
    out += std::string(width - number.size(), ' ') + number + ") " + formatted(reply.elements[i], deeper);
  }
  return out;
}

std::string raw(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return {};
    case Reply::Kind::status:
    case Reply::Kind::bulk:
      return reply.text;
    case Reply::Kind::error:
      return reply.text + "\n";
    case Reply::Kind::integer:
      return std::to_string(reply.integer);
    case Reply::Kind::array:
      break;
  }
  std::string out;
  for (const Reply& element : reply.elements) {
    if (&element != &reply.elements.front()) out += '\n';
    out += raw(element);
  }
  return out;
}

}  // namespace

std::string format_reply(const Reply& reply) {
  return formatted(reply, {});
}

std::string format_reply_raw(const Reply& reply) {
  return raw(reply) + "\n";
}

}  // namespace resp
