#include "reply.hpp"

#include <array>
#include <charconv>

namespace resp {
namespace {

/// As much of a text as a message shows.
constexpr std::size_t shown_max = 24;

/// A number behind the mark that tells what it is, and the end of the line.
void put_number_line(std::string& out, char mark, std::int64_t value) {
  std::array<char, 24> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out += mark;
  out.append(digits.data(), end);
  out += "\r\n";
}

void put_text_line(std::string& out, char mark, std::string_view text) {
  out += mark;
  for (const char character : text) out += character == '\r' || character == '\n' ? ' ' : character;
  out += "\r\n";
}

/// Quoted, on one line, and not too long.
std::string shortened(std::string_view text) {
  std::string shown = "\"";
  for (const char character : text.substr(0, shown_max)) {
    if (character == '\r') {
      shown += "\\r";
    } else if (character == '\n') {
      shown += "\\n";
    } else {
      shown += character;
    }
  }
  if (text.size() <= shown_max) return shown + '"';
  return shown + "...\" of " + std::to_string(text.size()) + " bytes";
}

}  // namespace

std::string describe(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return "null";
    case Reply::Kind::status:
      return "the status " + shortened(reply.text);
    case Reply::Kind::error:
      return "the error " + shortened(reply.text);
    case Reply::Kind::integer:
      return "the integer " + std::to_string(reply.integer);
    case Reply::Kind::bulk:
      return "the bulk " + shortened(reply.text);
    case Reply::Kind::array:
      break;
  }
  return "an array of " + std::to_string(reply.elements.size());
}

void put_status(std::string& out, std::string_view text) {
  put_text_line(out, '+', text);
}

void put_error(std::string& out, std::string_view text) {
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  put_text_line(out, '-', text);
}

void put_integer(std::string& out, std::int64_t value) {
  put_number_line(out, ':', value);
}

void put_bulk(std::string& out, std::string_view text) {
  put_number_line(out, '$', static_cast<std::int64_t>(text.size()));
  out += text;
  out += "\r\n";
}

void put_null(std::string& out) {
  out += "$-1\r\n";
}

void put_array(std::string& out, std::size_t size) {
  put_number_line(out, '*', static_cast<std::int64_t>(size));
}

void put_reply(std::string& out, const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return put_null(out);
    case Reply::Kind::status:
      return put_status(out, reply.text);
    case Reply::Kind::error:
      return put_error(out, reply.text);
    case Reply::Kind::integer:
      return put_integer(out, reply.integer);
    case Reply::Kind::bulk:
      return put_bulk(out, reply.text);
    case Reply::Kind::array:
      break;
  }
  put_array(out, reply.elements.size());
  for (const Reply& element : reply.elements) put_reply(out, element);
}

std::string encode_command(std::span<const std::string> arguments) {
  std::string out;
  put_array(out, arguments.size());
  for (const std::string& argument : arguments) put_bulk(out, argument);
  return out;
}

}  // namespace resp
