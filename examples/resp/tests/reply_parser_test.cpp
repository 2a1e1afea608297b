#include "reply_parser.hpp"

#include "cuts.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace resp {
namespace {

struct ReplyParse {
  std::vector<Reply> replies;
  std::string error;
  bool operator==(const ReplyParse&) const = default;
};

ReplyParse parse_replies(const testing::Pieces& pieces, const ParserLimits& limits = {},
                         const Mistakes& mistakes = {}) {
  ReplyParser parser(limits, mistakes);
  ReplyParse result;
  for (const std::string_view piece : pieces) {
    parser.feed(twinwire::as_bytes(piece));
    ReplyParser::Step step = parser.next();
    for (; step == ReplyParser::Step::reply; step = parser.next())
      result.replies.push_back(parser.take_reply());
    if (step == ReplyParser::Step::failed) {
      result.error = parser.error();
      break;
    }
  }
  return result;
}

std::string error_of_reply(std::string_view stream) {
  return parse_replies({stream}).error;
}

const std::vector<Reply> sample_replies{
    Reply::status("OK"),
    Reply::bulk("line\r\nend"),
    Reply::error("ERR no"),
    Reply::number(-42),
    Reply::null(),
    Reply::bulk(""),
    Reply::array({Reply::number(1), Reply::array({Reply::bulk("deep"), Reply::null()}), Reply::array({})}),
    Reply::array({}),
    Reply::number(INT64_MAX),
};

std::string stream_of(const std::vector<Reply>& replies) {
  std::string stream;
  for (const Reply& reply : replies) put_reply(stream, reply);
  return stream;
}

TEST_CASE("replies are the same however the stream is cut") {
  const std::string stream = stream_of(sample_replies);
  testing::for_all_cuts(stream, [&](const testing::Pieces& pieces) {
    if (parse_replies(pieces) != ReplyParse{sample_replies, ""}) FAIL("cut into " << pieces.size());
  });
}

TEST_CASE("both forms of null are null") {
  CHECK(parse_replies({"$-1\r\n*-1\r\n"}) == ReplyParse{{Reply::null(), Reply::null()}, ""});
}

TEST_CASE("malformed replies are errors") {
  CHECK(error_of_reply("HTTP/1.1 400 Bad Request\r\n") == "malformed reply: unknown type 'H'");
  CHECK(error_of_reply(":x\r\n") == "malformed reply: not an integer: 'x'");
  CHECK(error_of_reply("$-2\r\n") == "malformed reply: invalid length '-2'");
  CHECK(error_of_reply("*9999999\r\n") == "malformed reply: invalid length '9999999'");
  CHECK(error_of_reply("+OK\n") == "malformed reply: a line has no type or does not end with CR LF");
  CHECK(error_of_reply("\r\n") == "malformed reply: a line has no type or does not end with CR LF");
  CHECK(error_of_reply("$1\r\nxyz") == "malformed reply: a bulk does not end with CR LF");
  CHECK(error_of_reply("+" + std::string(70'000, 'x')) == "malformed reply: a line is too long");
  std::string nested;
  for (int i = 0; i < 40; ++i) nested += "*1\r\n";
  CHECK(error_of_reply(nested) == "malformed reply: arrays are nested too deeply");
}

TEST_CASE("a reply that does not come to its end is too long at some point") {
  ParserLimits limits;
  limits.message_length_max = 10 * sizeof(Reply);
  const auto error_of_pieces = [&](int count, const std::string& first, const std::string& piece) {
    std::vector<std::string_view> pieces(static_cast<std::size_t>(count), piece);
    pieces.insert(pieces.begin(), first);
    return parse_replies(pieces, limits).error;
  };
  CHECK(error_of_pieces(8, "*1000\r\n", ":1\r\n").empty());
  CHECK(error_of_pieces(10, "*1000\r\n", ":1\r\n") == "malformed reply: it is too long");
  CHECK(error_of_pieces(10, "*1000\r\n", "*1\r\n$2\r\nab\r\n") == "malformed reply: it is too long");
  const std::string half_body(5 * sizeof(Reply), 'x');
  CHECK(error_of_pieces(1, "$10000\r\n", half_body).empty());
  CHECK(error_of_pieces(2, "$10000\r\n", half_body) == "malformed reply: it is too long");
  // Each begins anew.
  CHECK(error_of_pieces(100, "", "*2\r\n:1\r\n:2\r\n").empty());
}

TEST_CASE("a body that spans reads is the mistake that whole messages do not show") {
  Mistakes mistakes;
  mistakes.body_swallows_rest = true;
  const std::vector<Reply> replies{Reply::bulk("0123456789"), Reply::number(1)};
  const std::string stream = stream_of(replies);
  const std::string_view whole = stream;
  CHECK(parse_replies({whole}, {}, mistakes) == ReplyParse{replies, ""});
  // Cut where the body ends, or with nothing behind it: that goes well too.
  CHECK(parse_replies({whole.substr(0, 17), whole.substr(17)}, {}, mistakes) == ReplyParse{replies, ""});
  CHECK(parse_replies({whole.substr(0, 8), whole.substr(8, 9), whole.substr(17)}, {}, mistakes) ==
        ReplyParse{replies, ""});
  CHECK(parse_replies({whole.substr(0, 8), whole.substr(8)}, {}, mistakes).replies.size() == 1);
}

}  // namespace
}  // namespace resp
