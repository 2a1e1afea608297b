#include "commands.hpp"

#include "inline_arguments.hpp"
#include "reply.hpp"
#include "reply_parser.hpp"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace resp {
namespace {

/// A server without a network: one client, and a clock that is set by hand.
class Shell {
 public:
  /// The reply to a command line, as it is sent.
  std::string operator()(const std::string& line) {
    const auto words = split_inline(line).value();
    const std::vector<std::string_view> arguments(words.begin(), words.end());
    std::string out;
    commands_.execute(arguments, client, out);
    return out;
  }
  void advance(Store::Milliseconds by) { commands_.advance(now_ += by); }

  ClientState client;

 private:
  Commands commands_{Settings{}};
  Store::Milliseconds now_ = 0;
};

constexpr const char* ok = "+OK\r\n";
constexpr const char* null = "$-1\r\n";
constexpr const char* not_integer = "-ERR value is not an integer or out of range\r\n";
constexpr const char* syntax = "-ERR syntax error\r\n";

TEST_CASE("GET and SET") {
  Shell shell;
  CHECK(shell("GET k") == null);
  CHECK(shell("SET k v") == ok);
  CHECK(shell("get k") == "$1\r\nv\r\n");
  CHECK(shell("SET k w NX") == null);
  CHECK(shell("SET k w XX") == ok);
  CHECK(shell("SET k x GET") == "$1\r\nw\r\n");
  CHECK(shell("SET k y NX GET") == "$1\r\nx\r\n");
  CHECK(shell("GET k") == "$1\r\nx\r\n");
  CHECK(shell("SET new 1 XX GET") == null);
  CHECK(shell("EXISTS new k k") == ":2\r\n");
  CHECK(shell("DEL k new k") == ":1\r\n");
}

TEST_CASE("SET refuses what Redis refuses") {
  Shell shell;
  CHECK(shell("SET k") == "-ERR wrong number of arguments for 'set' command\r\n");
  CHECK(shell("SET k v foo") == syntax);
  CHECK(shell("SET k v NX XX") == syntax);
  CHECK(shell("SET k v EX") == syntax);
  CHECK(shell("SET k v EX 1 PX 1") == syntax);
  CHECK(shell("SET k v EX 1 KEEPTTL") == syntax);
  CHECK(shell("SET k v EX x") == not_integer);
  CHECK(shell("SET k v EX 0") == "-ERR invalid expire time in 'set' command\r\n");
  CHECK(shell("SET k v PX -1") == "-ERR invalid expire time in 'set' command\r\n");
  CHECK(shell("SET k v EX 9223372036854775807") == "-ERR invalid expire time in 'set' command\r\n");
  CHECK(shell("GET k") == null);
}

TEST_CASE("counters") {
  Shell shell;
  CHECK(shell("INCR n") == ":1\r\n");
  CHECK(shell("INCRBY n 41") == ":42\r\n");
  CHECK(shell("DECR n") == ":41\r\n");
  CHECK(shell("DECRBY n -1") == ":42\r\n");
  CHECK(shell("INCRBY n x") == not_integer);
  CHECK(shell("SET n 9223372036854775807") == ok);
  CHECK(shell("INCR n") == "-ERR increment or decrement would overflow\r\n");
  CHECK(shell("DECRBY n -9223372036854775808") == "-ERR decrement would overflow\r\n");
  for (const char* text : {"07", "+1", "-0", "\" 1\"", "1.5", "9223372036854775808", "\"\""}) {
    CHECK(shell(std::string("SET n ") + text) == ok);
    CHECK(shell("INCR n") == not_integer);
  }
}

TEST_CASE("keys expire when their time has come") {
  Shell shell;
  CHECK(shell("SET k v PX 100") == ok);
  CHECK(shell("PTTL k") == ":100\r\n");
  shell.advance(99);
  CHECK(shell("PTTL k") == ":1\r\n");
  CHECK(shell("DBSIZE") == ":1\r\n");
  shell.advance(1);
  CHECK(shell("GET k") == null);
  CHECK(shell("PTTL k") == ":-2\r\n");
  CHECK(shell("DBSIZE") == ":0\r\n");
}

TEST_CASE("what an expiry survives") {
  Shell shell;
  CHECK(shell("SET k 1 EX 10") == ok);
  CHECK(shell("INCR k") == ":2\r\n");
  CHECK(shell("TTL k") == ":10\r\n");
  CHECK(shell("SET k v KEEPTTL") == ok);
  CHECK(shell("TTL k") == ":10\r\n");
  CHECK(shell("SET k v") == ok);
  CHECK(shell("TTL k") == ":-1\r\n");
  CHECK(shell("EXPIRE k 5") == ":1\r\n");
  CHECK(shell("PERSIST k") == ":1\r\n");
  CHECK(shell("PERSIST k") == ":0\r\n");
  shell.advance(20'000);
  CHECK(shell("GET k") == "$1\r\nv\r\n");
  CHECK(shell("EXPIRE k 5") == ":1\r\n");
  CHECK(shell("DEL k") == ":1\r\n");
  CHECK(shell("SET k w") == ok);
  shell.advance(20'000);
  CHECK(shell("GET k") == "$1\r\nw\r\n");
}

TEST_CASE("EXPIRE and its conditions") {
  Shell shell;
  CHECK(shell("EXPIRE k 5") == ":0\r\n");
  CHECK(shell("SET k v") == ok);
  CHECK(shell("EXPIRE k 10 GT") == ":0\r\n");
  CHECK(shell("EXPIRE k 10 XX") == ":0\r\n");
  CHECK(shell("EXPIRE k 10 LT") == ":1\r\n");
  CHECK(shell("EXPIRE k 20 NX") == ":0\r\n");
  CHECK(shell("EXPIRE k 20 GT") == ":1\r\n");
  CHECK(shell("TTL k") == ":20\r\n");
  CHECK(shell("EXPIRE k 5 NX GT") ==
        "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n");
  CHECK(shell("EXPIRE k 5 GT LT") == "-ERR GT and LT options at the same time are not compatible\r\n");
  CHECK(shell("EXPIRE k 5 foo") == "-ERR Unsupported option foo\r\n");
  CHECK(shell("EXPIRE k x") == not_integer);
  CHECK(shell("PEXPIRE k 9223372036854775807") == "-ERR invalid expire time in 'pexpire' command\r\n");
  CHECK(shell("EXPIRE k -1") == ":1\r\n");
  CHECK(shell("GET k") == null);
}

TEST_CASE("unknown commands and wrong numbers of arguments are told as Redis does") {
  Shell shell;
  CHECK(shell("foo a b") == "-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n");
  CHECK(shell("foo") == "-ERR unknown command 'foo', with args beginning with: \r\n");
  CHECK(shell("foo " + std::string(300, 'b')) ==
        "-ERR unknown command 'foo', with args beginning with: '" + std::string(128, 'b') + "' \r\n");
  CHECK(shell("GET") == "-ERR wrong number of arguments for 'get' command\r\n");
  CHECK(shell("PING a b") == "-ERR wrong number of arguments for 'ping' command\r\n");
  CHECK(shell("CLIENT") == "-ERR wrong number of arguments for 'client' command\r\n");
  CHECK(shell("CLIENT SETNAME") == "-ERR wrong number of arguments for 'client|setname' command\r\n");
  CHECK(shell("CONFIG FOO") == "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.\r\n");
}

TEST_CASE("what redis-cli and redis-benchmark ask for") {
  Shell shell;
  CHECK(shell("PING") == "+PONG\r\n");
  CHECK(shell("CONFIG GET save") == "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
  CHECK(shell("CONFIG GET APPENDONLY") == "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
  CHECK(shell("CONFIG GET none") == "*0\r\n");
  for (const char* line :
       {"COMMAND", "COMMAND DOCS", "COMMAND INFO get none", "COMMAND LIST", "CLIENT HELP"}) {
    ReplyParser parser;
    const std::string reply = shell(line);
    parser.feed(twinwire::as_bytes(reply));
    CHECK(parser.next() == ReplyParser::Step::reply);
    CHECK(parser.next() == ReplyParser::Step::need_more);
  }
}

TEST_CASE("the connection's own commands") {
  Shell shell;
  CHECK(shell("SELECT 16") == "-ERR DB index is out of range\r\n");
  CHECK(shell("SET k zero") == ok);
  CHECK(shell("SELECT 1") == ok);
  CHECK(shell("GET k") == null);
  CHECK(shell("FLUSHDB") == ok);
  CHECK(shell("SELECT 0") == ok);
  CHECK(shell("GET k") == "$4\r\nzero\r\n");
  CHECK(shell("FLUSHALL ASYNC") == ok);
  CHECK(shell("DBSIZE") == ":0\r\n");
  CHECK(shell("HELLO 3") == "-NOPROTO unsupported protocol version\r\n");
  CHECK(shell("HELLO 2 SETNAME me").starts_with("*14\r\n"));
  CHECK(shell("CLIENT GETNAME") == "$2\r\nme\r\n");
  CHECK(shell("CLIENT SETNAME \"a b\"") ==
        "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  CHECK_FALSE(shell.client.quit);
  CHECK(shell("QUIT") == ok);
  CHECK(shell.client.quit);
}

TEST_CASE("COMMAND INFO and DOCS answer about as many names as anybody needs, and no more") {
  Shell shell;
  const auto names = [](int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += " client";
    return all;
  };
  for (const std::string command : {"COMMAND INFO", "COMMAND DOCS"}) {
    CHECK(shell(command + names(1024)).starts_with("*"));
    CHECK(shell(command + names(1025)) == "-ERR too many commands are asked for\r\n");
  }
}

}  // namespace
}  // namespace resp
