// The parsers of the example: the network may cut a stream anywhere.
#include "command_parser.hpp"
#include "property.hpp"
#include "reply.hpp"
#include "reply_parser.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

void showValue(const Reply& reply, std::ostream& os) {
  std::string text;
  put_reply(text, reply);
  rc::show(text, os);
}

namespace {

using twinwire::property::one_of;

/// What a parser made of a stream: its commands or replies, and how it ended.
template <class Item>
struct Parse {
  std::vector<Item> items;
  bool failed = false;
  std::string error;
  bool operator==(const Parse&) const = default;
};

using Command = std::vector<std::string>;

/// The stream in pieces, which end at these offsets.
std::vector<std::string_view> cut(std::string_view stream, std::vector<std::size_t> ends) {
  std::ranges::sort(ends);
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end <= begin || end >= stream.size()) continue;
    pieces.push_back(stream.substr(begin, end - begin));
    begin = end;
  }
  pieces.push_back(stream.substr(begin));
  return pieces;
}

/// Some cuts anywhere, or one behind every byte.
std::vector<std::size_t> some_cuts(std::size_t size) {
  if (*rc::gen::inRange(0, 4) == 0) {
    std::vector<std::size_t> all(size);
    for (std::size_t i = 0; i < size; ++i) all[i] = i;
    return all;
  }
  return *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, size + 1));
}

Parse<Command> parse_commands(const std::vector<std::string_view>& pieces) {
  CommandParser parser;
  Parse<Command> result;
  for (const std::string_view piece : pieces) {
    parser.feed(twinwire::as_bytes(piece));
    CommandParser::Step step = parser.next();
    for (; step == CommandParser::Step::command; step = parser.next()) {
      RC_ASSERT(!parser.arguments().empty());
      result.items.emplace_back(parser.arguments().begin(), parser.arguments().end());
    }
    if (step == CommandParser::Step::failed) {
      result.failed = true;
      result.error = parser.error();
      RC_ASSERT(!result.error.empty());
    } else {
      RC_ASSERT(!result.failed);
    }
  }
  if (result.failed) {
    // Whatever comes now, the stream stays lost, for the same reason.
    parser.feed(twinwire::as_bytes("*1\r\n$4\r\nPING\r\n"));
    RC_ASSERT((parser.next() == CommandParser::Step::failed));
    RC_ASSERT(parser.error() == result.error);
  }
  return result;
}

Parse<Reply> parse_replies(const std::vector<std::string_view>& pieces) {
  ReplyParser parser;
  Parse<Reply> result;
  for (const std::string_view piece : pieces) {
    parser.feed(twinwire::as_bytes(piece));
    ReplyParser::Step step = parser.next();
    for (; step == ReplyParser::Step::reply; step = parser.next())
      result.items.push_back(parser.take_reply());
    if (step == ReplyParser::Step::failed) {
      result.failed = true;
      result.error = parser.error();
    } else {
      RC_ASSERT(!result.failed);
    }
  }
  if (result.failed) {
    parser.feed(twinwire::as_bytes("+OK\r\n"));
    RC_ASSERT((parser.next() == ReplyParser::Step::failed));
    RC_ASSERT(parser.error() == result.error);
  }
  return result;
}

/// Bytes that look like the protocol, and some that do not.
rc::Gen<std::string> streams() {
  const auto piece = rc::gen::weightedOneOf<std::string>(
      {{4, one_of<std::string>({"\r\n", "*", "$", "\r", "\n", "+", "-", ":", " ", "\"", "'", "\\x4"})},
       {3, one_of<std::string>({"0", "1", "2", "3", "-1", "10", "99999999999999999999", "01"})},
       {3, one_of<std::string>({"*1\r\n", "$1\r\na\r\n", "$0\r\n\r\n", "*2\r\n$3\r\nGET\r\n", "PING\r\n",
                                ":1\r\n", "+OK\r\n", "$-1\r\n", "*0\r\n"})},
       {1, rc::gen::arbitrary<std::string>()}});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string stream;
                        for (const std::string& text : pieces) stream += text;
                        return stream;
                      });
}

rc::Gen<Reply> replies(int depth) {
  const auto line = rc::gen::map(rc::gen::arbitrary<std::string>(), [](std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
  });
  const auto flat = rc::gen::oneOf(
      rc::gen::just(Reply::null()), rc::gen::map(line, [](std::string text) { return Reply::status(text); }),
      rc::gen::map(line, [](std::string text) { return Reply::error(text); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Reply::number(n); }),
      rc::gen::map(rc::gen::arbitrary<std::string>(), [](std::string text) { return Reply::bulk(text); }));
  if (depth == 0) return flat;
  const auto array =
      rc::gen::map(rc::gen::scale(0.3, rc::gen::container<std::vector<Reply>>(replies(depth - 1))),
                   [](std::vector<Reply> elements) { return Reply::array(std::move(elements)); });
  return rc::gen::weightedOneOf<Reply>({{3, flat}, {1, array}});
}

PROPERTY("commands are parsed as they were encoded, for any pipelining and any cutting") {
  const auto commands = *rc::gen::container<std::vector<Command>>(
      rc::gen::nonEmpty(rc::gen::scale(0.5, rc::gen::arbitrary<Command>())));
  std::string stream;
  for (const Command& command : commands) stream += encode_command(command);
  const Parse<Command> result = parse_commands(cut(stream, some_cuts(stream.size())));
  RC_ASSERT(result.items == commands);
  RC_ASSERT(!result.failed);
}

PROPERTY("replies are parsed as they were encoded, for any pipelining and any cutting") {
  const auto all = *rc::gen::scale(0.5, rc::gen::container<std::vector<Reply>>(replies(3)));
  std::string stream;
  for (const Reply& reply : all) put_reply(stream, reply);
  const Parse<Reply> result = parse_replies(cut(stream, some_cuts(stream.size())));
  RC_ASSERT((result.items == all));
  RC_ASSERT(!result.failed);
}

PROPERTY("any stream of bytes is parsed as commands in the same way, however it is cut") {
  const auto stream = *streams();
  const Parse<Command> whole = parse_commands({stream});
  const Parse<Command> pieces = parse_commands(cut(stream, some_cuts(stream.size())));
  RC_ASSERT(pieces.items == whole.items);
  RC_ASSERT(pieces.error == whole.error);
}

PROPERTY("any stream of bytes is parsed as replies in the same way, however it is cut") {
  const auto stream = *streams();
  const Parse<Reply> whole = parse_replies({stream});
  const Parse<Reply> pieces = parse_replies(cut(stream, some_cuts(stream.size())));
  RC_ASSERT((pieces.items == whole.items));
  RC_ASSERT(pieces.error == whole.error);
}

}  // namespace
}  // namespace resp
