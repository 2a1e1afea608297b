// Zones, and what is answered from them.
#include "server.hpp"

#include "framing.hpp"
#include "record_data.hpp"
#include "responder.hpp"
#include "stub.hpp"

#include <twinwire/net/result.hpp>
#include <twinwire/net/sleep.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/sim/world.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

namespace dns {
namespace {

using twinwire::as_bytes;
using twinwire::awaitable;

constexpr const char* zone_text = R"(
$ORIGIN example.test.   ; a comment
$TTL 300
@     IN SOA ns hostmaster 1 2 3 4 60
www   60 A 192.0.2.1
      IN 61 A 192.0.2.2
web   CNAME www
out   CNAME www.elsewhere.test.
one   CNAME two
two   CNAME one
text  TXT "a;b" c
a.b.c A 192.0.2.3
large TXT )";

Zone make_zone() {
  std::string text = zone_text;
  for (int i = 0; i < 5; ++i) text += '"' + std::string(255, 'x') + "\" ";
  return Zone::parse(text);
}

/// "NOERROR www.example.test. 60 IN A 192.0.2.1 | ...", with "!" before authorities.
std::string find(const std::string& name, Type type) {
  const Zone::Found found = make_zone().find({Name::of(name), type, class_internet});
  std::string text = to_string(found.rcode);
  for (const Record& record : found.answers) text += " | " + to_string(record);
  for (const Record& record : found.authorities) text += " ! " + to_string(record);
  return text;
}

const std::string soa = " ! example.test. 60 IN SOA ns.example.test. hostmaster.example.test. 1 2 3 4 60";

TEST_CASE("a zone answers with its records, those that aliases lead to, or that there are none") {
  CHECK(find("www.example.test", Type::a) ==
        "NOERROR | www.example.test. 60 IN A 192.0.2.1 | www.example.test. 61 IN A 192.0.2.2");
  CHECK(find("web.example.test", Type::cname) ==
        "NOERROR | web.example.test. 300 IN CNAME www.example.test.");
  CHECK(find("web.example.test", Type::a) ==
        "NOERROR | web.example.test. 300 IN CNAME www.example.test. | www.example.test. 60 IN A 192.0.2.1 | "
        "www.example.test. 61 IN A 192.0.2.2");
  CHECK(find("web.example.test", Type::mx) ==
        "NOERROR | web.example.test. 300 IN CNAME www.example.test." + soa);
  CHECK(find("out.example.test", Type::a) == "NOERROR | out.example.test. 300 IN CNAME www.elsewhere.test.");
  CHECK(find("text.example.test", Type::any) == R"(NOERROR | text.example.test. 300 IN TXT "a;b" "c")");
  CHECK(find("www.example.test", Type::mx) == "NOERROR" + soa);
  CHECK(find("b.c.example.test", Type::a) == "NOERROR" + soa);
  CHECK(find("none.example.test", Type::a) == "NXDOMAIN" + soa);
  CHECK(find("example.com", Type::a) == "REFUSED");
}

TEST_CASE("a circle of aliases comes to an end") {
  CHECK(make_zone().find({Name::of("one.example.test"), Type::a, class_internet}).answers.size() == 9);
}

TEST_CASE("a zone file that is wrong is refused, with the line") {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      Zone::parse("@ SOA ns.x. h.x. 1 2 3 4 5\n" + text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(refusal("") == "none");
  CHECK(refusal("www A 1.2.3") == "line 2: this is not what a record of type A has");
  CHECK(refusal("\n\nwww MX mail") == "line 4: this is not what a record of type MX has");
  CHECK(refusal("www NONSENSE x") == "line 2: there is no type \"NONSENSE\" here");
  CHECK(refusal("www 300 IN") == "line 2: a record has a type");
  CHECK(refusal("a..b A 1.2.3.4") == "line 2: \"a..b\" is no name");
  CHECK(refusal("www TXT \"abc") == "line 2: a quotation does not end");
  CHECK(refusal("$INCLUDE x") == "line 2: there is no $INCLUDE here");
  CHECK(refusal("@ SOA ns.x. h.x. 1 2 3 4 5") == "line 2: there is a SOA record already");
  CHECK_THROWS_WITH(Zone::parse("www A 1.2.3.4"), "there is no SOA record");
  CHECK_THROWS_WITH(Zone::parse("a. SOA a. a. 1 2 3 4 5\nb. A 1.2.3.4"), "b. is not in the zone");
  CHECK_THROWS_WITH(Zone::parse("a. SOA a. a. 1 2 3 4 5\nb.a. CNAME a.\nb.a. A 1.2.3.4"),
                    "b.a. is an alias, and has other records");
}

Message query_for(const char* name, Type type) {
  Message query;
  query.id = 7;
  query.recursion_desired = true;
  query.questions.push_back({Name::of(name), type, class_internet});
  return query;
}

Message answer(const Message& query, Responder::Carrier carrier = Responder::Carrier::datagram) {
  const auto bytes = Responder(make_zone()).answer(as_bytes(encode(query)), carrier);
  return decode(as_bytes(bytes.value())).value();
}

TEST_CASE("an answer repeats the id and the question, and says that it is one") {
  const Message query = query_for("WWW.example.test", Type::a);
  const Message given = answer(query);
  CHECK(given.id == 7);
  CHECK(given.response);
  CHECK(given.authoritative);
  CHECK(given.recursion_desired);
  CHECK_FALSE(given.recursion_available);
  CHECK(given.questions.front().name.wire() == query.questions.front().name.wire());
  CHECK(given.answers.size() == 2);
  CHECK_FALSE(given.edns);
}

TEST_CASE("what cannot be answered is told") {
  Message query = query_for("www.example.test", Type::a);
  query.opcode = 4;
  CHECK(answer(query).rcode == Rcode::not_implemented);
  query = query_for("www.example.test", Type::a);
  query.edns = Edns{512, 1};
  CHECK(answer(query).rcode == Rcode::bad_version);
  CHECK(answer(query).edns == Edns{});
  query = query_for("www.example.test", Type::a);
  query.questions.clear();
  CHECK(answer(query).rcode == Rcode::format_error);
  query = query_for("www.example.test", Type::a);
  query.questions.front().klass = 3;
  CHECK(answer(query).rcode == Rcode::refused);
}

TEST_CASE("what is damaged behind its header is a format error; other bytes, and answers, are not answered") {
  const Responder responder(make_zone());
  const std::string bytes = encode(query_for("www.example.test", Type::a));
  const auto given = responder.answer(as_bytes(bytes.substr(0, 20)), Responder::Carrier::datagram);
  CHECK(decode(as_bytes(given.value())).value().rcode == Rcode::format_error);
  CHECK_FALSE(responder.answer(as_bytes(bytes.substr(0, 11)), Responder::Carrier::datagram));
  CHECK_FALSE(responder.answer({}, Responder::Carrier::datagram));
  Message response = query_for("www.example.test", Type::a);
  response.response = true;
  CHECK_FALSE(responder.answer(as_bytes(encode(response)), Responder::Carrier::datagram));
}

/// A short query for thousands of long names. Its first name holds another one, which begins inside of a
/// label, and which thousands of pointers lead to; between them so many others that an answer could not point
/// there.
std::string query_that_grows() {
  constexpr unsigned fillers = 2100;
  constexpr unsigned pointers = 6000;
  std::string bytes = encode(query_for("x", Type::a)).substr(0, 4);
  const auto u16 = [&](unsigned value) {
    bytes += {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
  };
  const auto rest = [&] { bytes += std::string("\0\1\0\1", 4); };
  u16(1 + fillers + pointers);
  for (int count = 0; count < 3; ++count) u16(0);
  std::string label(63, 'x');
  label[31] = 63;
  std::string name;
  for (int count = 0; count < 3; ++count) name += '\x3f' + label;
  name[1] = 30;
  name[160] = 31;
  bytes += name + '\0';
  rest();
  for (unsigned i = 0; i < fillers; ++i) {
    bytes += '\2';
    u16(i);
    bytes += '\0';
    rest();
  }
  for (unsigned i = 0; i < pointers; ++i) {
    u16(0xc000U | (header_size + 1));
    rest();
  }
  return bytes;
}

TEST_CASE("more than one question is a format error, whose answer does not grow with them") {
  const std::string query = query_that_grows();
  REQUIRE(query.size() <= UINT16_MAX);
  REQUIRE(encode(decode(as_bytes(query)).value()).size() > std::size_t{1'000'000});
  for (const auto carrier : {Responder::Carrier::datagram, Responder::Carrier::stream}) {
    const auto bytes = Responder(make_zone()).answer(as_bytes(query), carrier);
    CHECK(bytes.value().size() == header_size);
    CHECK(decode(as_bytes(*bytes)).value().rcode == Rcode::format_error);
  }
}

TEST_CASE("a message that does not fit behind its length is not framed") {
  CHECK(framed(std::string(UINT16_MAX, 'x')).size() == 2 + std::size_t{UINT16_MAX});
  CHECK_THROWS_AS(framed(std::string(UINT16_MAX + std::size_t{1}, 'x')), std::length_error);
}

TEST_CASE("an answer is truncated where it is more than who asks can take") {
  Message query = query_for("large.example.test", Type::txt);
  for (const std::uint16_t size : {std::uint16_t{0}, std::uint16_t{1231}, std::uint16_t{65535}}) {
    if (size != 0) query.edns = Edns{size, 0};
    CHECK(answer(query).truncated);
    CHECK(answer(query).answers.empty());
  }
  CHECK_FALSE(answer(query, Responder::Carrier::stream).truncated);
  CHECK(answer(query, Responder::Carrier::stream).answers.size() == 1);
}

/// A server in a world of its own.
struct Net {
  explicit Net(const Limits& limits = {}) {
    const auto responder = std::make_shared<Responder>(make_zone());
    service = run_until_complete(server.loop(), serve(server.loop(), responder, "", 53, limits));
  }

  twinwire::sim::World world{1};
  twinwire::sim::Host& server = world.add_host("server");
  twinwire::sim::Host& client = world.add_host("client");
  twinwire::Server service;
};

TEST_CASE("a free port is free for datagrams, too") {
  twinwire::sim::World world(1);
  twinwire::Loop& loop = world.add_host("server").loop();
  const auto responder = std::make_shared<const Responder>(make_zone());
  const auto port_of = [&](int wanted) {
    return run_until_complete(loop, serve(loop, responder, "0.0.0.0", wanted)).port();
  };
  const auto take = [&](int port) {
    twinwire::DatagramOptions options;
    options.local_addr.emplace("0.0.0.0", port);
    loop.create_datagram_endpoint(
        [&] { return std::make_shared<UdpServer>(responder); }, options,
        [](const std::exception_ptr& failure, const auto&) { CHECK_FALSE(failure); });
    world.run_for(std::chrono::seconds(1));
  };
  // The world gives them out one after the other.
  const int first = port_of(0);
  take(first + 1);
  take(first + 2);
  CHECK(port_of(0) == first + 3);
  CHECK_THROWS_AS(port_of(first + 1), twinwire::OperationError);
  for (int next = 4; next < 14; ++next) take(first + next);
  CHECK_THROWS_AS(port_of(0), twinwire::OperationError);
  CHECK(port_of(0) == first + 14);
}

/// How many answers are in the next message on a stream; none at its end. Awaited apart from checks: the
/// macros of Catch2 name what they check twice.
awaitable<std::size_t> count_answers(twinwire::StreamReader reader) {
  const auto bytes = co_await twinwire::as_result(read_framed(std::move(reader)));
  co_return bytes ? decode(as_bytes(*bytes)).value().answers.size() : 0;
}

TEST_CASE("a connection may bring several questions, and is ended when it says nothing for a while") {
  Net net;
  run_until_complete(net.client.loop(), [&]() -> awaitable<void> {
    const auto stream = co_await twinwire::open_connection(net.client.loop(), "server", 53);
    const std::string question = framed(encode(query_for("www.example.test", Type::a)));
    stream.writer.write(question + question.substr(0, 5));
    const std::size_t first = co_await count_answers(stream.reader);
    CHECK(first == 2);
    stream.writer.write(question.substr(5));
    const std::size_t second = co_await count_answers(stream.reader);
    CHECK(second == 2);
    const auto begun = net.client.loop().time();
    const std::size_t none = co_await count_answers(stream.reader);
    CHECK(none == 0);
    CHECK(net.client.loop().time() - begun > std::chrono::seconds(9));
    CHECK(net.client.loop().time() - begun < std::chrono::seconds(11));
  });
}

TEST_CASE("a connection that ends behind its questions is answered first") {
  Net net;
  run_until_complete(net.client.loop(), [&]() -> awaitable<void> {
    const auto stream = co_await twinwire::open_connection(net.client.loop(), "server", 53);
    stream.writer.write(framed(encode(query_for("large.example.test", Type::txt))));
    stream.writer.write_eof();
    const std::size_t answers = co_await count_answers(stream.reader);
    CHECK(answers == 1);
    const std::string rest = co_await stream.reader.read_all();
    CHECK(rest.empty());
  });
}

/// Their answers are more than the buffers of both hosts, and less than the server writes before it waits.
TEST_CASE("who ends a connection and does not take the answers is not waited for") {
  Net net;
  run_until_complete(net.client.loop(), [&]() -> awaitable<void> {
    const auto stream = co_await twinwire::open_connection(net.client.loop(), "server", 53);
    stream.writer.transport().pause_reading();
    const std::string question = framed(encode(query_for("large.example.test", Type::txt)));
    std::string questions;
    while (questions.size() < 4800) questions += question;
    stream.writer.write(questions);
    stream.writer.write_eof();
    co_await twinwire::sleep_for(net.client.loop(), std::chrono::seconds(1));
    CHECK(net.service.connections() == 1);
    co_await twinwire::sleep_for(net.client.loop(), std::chrono::minutes(10));
    CHECK(net.service.connections() == 0);
  });
}

TEST_CASE("one connection more than allowed is reset, and one that ends makes room") {
  Limits limits;
  limits.connections_max = 1;
  Net net(limits);
  run_until_complete(net.client.loop(), [&]() -> awaitable<void> {
    const std::string question = framed(encode(query_for("www.example.test", Type::a)));
    const auto ask = [&]() -> awaitable<std::size_t> {
      const auto stream = co_await twinwire::open_connection(net.client.loop(), "server", 53);
      stream.writer.write(question);
      co_return co_await count_answers(stream.reader);
    };
    {
      const auto first = co_await twinwire::open_connection(net.client.loop(), "server", 53);
      const std::size_t refused = co_await ask();
      CHECK(refused == 0);
      first.writer.write(question);
      const std::size_t answered = co_await count_answers(first.reader);
      CHECK(answered == 2);
    }
    const std::size_t answered = co_await ask();
    CHECK(answered == 2);
  });
}

TEST_CASE("a stub that nobody answers says what was wrong, after the time that it has") {
  Net net;
  const auto fail = [&](StubOptions options) {
    options.timeout = std::chrono::milliseconds(100);
    options.tries = 3;
    Stub stub(net.client.loop(), options);
    const auto begun = net.world.time();
    twinwire::error_code code;
    try {
      run_until_complete(net.client.loop(), stub.ask(Name::of("www.example.test"), Type::a));
    } catch (const twinwire::OperationError& error) {
      code = error.code();
    }
    CHECK(net.world.time() - begun == std::chrono::milliseconds(700));
    return code;
  };
  const std::string server = net.server.address().host();
  CHECK(fail({server, 54}) == twinwire::errc::connection_refused);
  CHECK(fail({"10.9.9.9", 53}) == twinwire::errc::timed_out);
  net.world.link(net.server, net.client).options.down = true;
  CHECK(fail({server, 53}) == twinwire::errc::timed_out);
}

}  // namespace
}  // namespace dns
