// The values of RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/), and how they are sent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resp {

/// One reply of a server, as a value.
struct Reply {
  enum class Kind : std::uint8_t { null, status, error, integer, bulk, array };

  Kind kind = Kind::null;
  std::string text;             ///< of a status, an error or a bulk
  std::int64_t integer = 0;     ///< of an integer
  std::vector<Reply> elements;  ///< of an array

  static Reply null() { return {}; }
  static Reply status(std::string text) { return {Kind::status, std::move(text), 0, {}}; }
  static Reply error(std::string text) { return {Kind::error, std::move(text), 0, {}}; }
  static Reply number(std::int64_t value) { return {Kind::integer, {}, value, {}}; }
  static Reply bulk(std::string text) { return {Kind::bulk, std::move(text), 0, {}}; }
  static Reply array(std::vector<Reply> elements) { return {Kind::array, {}, 0, std::move(elements)}; }

  bool operator==(const Reply&) const = default;
};

/// For messages: `the bulk "abc"`, long texts shortened.
std::string describe(const Reply& reply);

// --- the server's side: a reply is appended to `out`, without making a value of it first ---

void put_status(std::string& out, std::string_view text);
/// `text` begins with the error's code, as in "ERR syntax error". Line ends at its end are dropped, others
/// become blanks.
void put_error(std::string& out, std::string_view text);
void put_integer(std::string& out, std::int64_t value);
void put_bulk(std::string& out, std::string_view text);
void put_null(std::string& out);
/// That many values have to follow.
void put_array(std::string& out, std::size_t size);
void put_reply(std::string& out, const Reply& reply);

// --- the client's side ---

/// A command, as an array of bulks.
std::string encode_command(std::span<const std::string> arguments);

}  // namespace resp
