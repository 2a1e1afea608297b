#include "command_parser.hpp"

#include "cuts.hpp"
#include "reply.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace resp {
namespace {

using Command = std::vector<std::string>;
using Step = CommandParser::Step;

struct Parse {
  std::vector<Command> commands;
  std::string error;
  bool operator==(const Parse&) const = default;
};

Parse parse(const testing::Pieces& pieces, const ParserLimits& limits = {}, const Mistakes& mistakes = {}) {
  CommandParser parser(limits, mistakes);
  Parse result;
  for (const std::string_view piece : pieces) {
    parser.feed(twinwire::as_bytes(piece));
    Step step = parser.next();
    for (; step == Step::command; step = parser.next()) {
      result.commands.emplace_back(parser.arguments().begin(), parser.arguments().end());
    }
    if (step == Step::failed) {
      result.error = parser.error();
      break;
    }
  }
  return result;
}

std::string error_of(std::string_view stream, const ParserLimits& limits = {}) {
  return parse({stream}, limits).error;
}

const std::vector<Command> samples{
    {"GET", "key"},
    {"SET", "key", "with\r\nline ends\r\n$3\r\n"},
    {"ECHO", ""},
    {"PING"},
    {"SET", std::string("\0binary\xff", 8), "x"},
    {"DEL", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"},
};

std::string stream_of(const std::vector<Command>& commands) {
  std::string stream;
  for (const Command& command : commands) stream += encode_command(command);
  return stream;
}

TEST_CASE("commands are the same however the stream is cut") {
  const std::string stream = stream_of(samples);
  testing::for_all_cuts(stream, [&](const testing::Pieces& pieces) {
    const Parse result = parse(pieces);
    if (result != Parse{samples, ""})
      FAIL("cut into " << pieces.size() << ", the first of " << pieces[0].size());
  });
}

TEST_CASE("inline commands are the same however the stream is cut") {
  const std::string stream =
      "PING\r\n\r\n  \nSET a \"x \\\"y\\x41\\n\\q\" \nGET 'it\\'s'\r\n*1\r\n$4\r\nPING\r\nECHO a\"b\"\r\n";
  const std::vector<Command> expected{
      {"PING"}, {"SET", "a", "x \"yA\nq"}, {"GET", "it's"}, {"PING"}, {"ECHO", "ab"}};
  testing::for_all_cuts(stream, [&](const testing::Pieces& pieces) {
    if (parse(pieces) != Parse{expected, ""}) FAIL("cut into " << pieces.size());
  });
}

TEST_CASE("a large body comes in many pieces") {
  const std::vector<Command> commands{{"SET", "k", std::string(300'000, 'v')}, {"PING"}};
  const std::string stream = stream_of(commands);
  for (const std::size_t size : {1'000UL, 4'096UL, 65'536UL}) {
    testing::Pieces pieces;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      pieces.push_back(std::string_view(stream).substr(at, size));
    }
    CHECK(parse(pieces) == Parse{commands, ""});
  }
}

TEST_CASE("empty commands are skipped") {
  CHECK(parse({"*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n"}) == Parse{{{"PING"}}, ""});
}

TEST_CASE("errors are those of Redis") {
  CHECK(error_of("*x\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error_of("*01\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error_of("* 1\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error_of("*1048577\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error_of("*1048576\r\n").empty());
  CHECK(error_of("*1\r\n:5\r\n") == "Protocol error: expected '$', got ':'");
  CHECK(error_of("*1\r\n$x\r\n") == "Protocol error: invalid bulk length");
  CHECK(error_of("*1\r\n$-1\r\n") == "Protocol error: invalid bulk length");
  CHECK(error_of("*1\r\n$536870913\r\n") == "Protocol error: invalid bulk length");
  CHECK(error_of("*1\r\n$536870912\r\n").empty());
  CHECK(error_of("SET a \"b\r\n") == "Protocol error: unbalanced quotes in request");
  CHECK(error_of("SET a 'b'c\r\n") == "Protocol error: unbalanced quotes in request");
  const std::string long_text(70'000, '1');
  CHECK(error_of(long_text) == "Protocol error: too big inline request");
  CHECK(error_of("*" + long_text) == "Protocol error: too big mbulk count string");
  CHECK(error_of("*1\r\n$" + long_text) == "Protocol error: too big bulk count string");
}

TEST_CASE("limits can be set") {
  ParserLimits limits;
  limits.bulk_length_max = 10;
  limits.multibulk_length_max = 2;
  limits.message_length_max = 30;
  CHECK(error_of("*1\r\n$11\r\n", limits) == "Protocol error: invalid bulk length");
  CHECK(error_of("*3\r\n", limits) == "Protocol error: invalid multibulk length");
  limits.multibulk_length_max = 20;
  CHECK(error_of("*20\r\n$10\r\n0123456789\r\n$10\r\n0123", limits) == "Protocol error: too big request");
}

TEST_CASE("whatever follows an error is not read") {
  const Parse result = parse({"PING\r\n*x\r\nPING\r\n", "PING\r\n"});
  CHECK(result == Parse{{{"PING"}}, "Protocol error: invalid multibulk length"});
}

TEST_CASE("a length line that is cut between CR and LF is the mistake that whole messages do not show") {
  Mistakes mistakes;
  mistakes.lf_left_behind = true;
  const std::string stream = stream_of(samples);
  CHECK(parse({stream}, {}, mistakes) == Parse{samples, ""});
  int wrong = 0;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const std::string_view whole = stream;
    if (parse({whole.substr(0, cut), whole.substr(cut)}, {}, mistakes) != Parse{samples, ""}) ++wrong;
  }
  CHECK(wrong > 10);
  CHECK(wrong < 60);
}

}  // namespace
}  // namespace resp
