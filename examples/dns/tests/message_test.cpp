// Messages from anybody: what is one is read, and what is none is refused, in time and memory that are
// bounded.
#include "message.hpp"

#include "property.hpp"
#include "record_data.hpp"

#include <array>
#include <string>
#include <vector>

namespace dns {
namespace {

using twinwire::as_bytes;

Name some_name() {
  Name name;
  const auto labels = *rc::gen::inRange(0, 6);
  for (int i = 0; i < labels; ++i) {
    // Few letters, so that names share their ends, as those of a message do.
    static_cast<void>(
        name.append(*rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::weightedElement<char>(
            {{10, 'a'}, {10, 'b'}, {1, 'A'}, {1, '.'}, {1, '\0'}, {1, '\xff'}})))));
  }
  return name;
}

std::string some_data(Type type) {
  switch (type) {
    case Type::a:
      return *rc::gen::container<std::string>(4, rc::gen::arbitrary<char>());
    case Type::aaaa:
      return *rc::gen::container<std::string>(16, rc::gen::arbitrary<char>());
    case Type::cname:
    case Type::ns:
      return some_name().wire();
    case Type::mx:
      return "\1\2" + some_name().wire();
    case Type::soa:
      return some_name().wire() + some_name().wire() + std::string(20, '\3');
    case Type::txt:
      return "\3abc" + std::string(1, '\0');
    default:
      return *rc::gen::arbitrary<std::string>();
  }
}

std::vector<Record> some_records() {
  std::vector<Record> records(*rc::gen::inRange<std::size_t>(0, 5));
  for (Record& record : records) {
    record.name = some_name();
    record.type = *rc::gen::element(Type::a, Type::aaaa, Type::cname, Type::ns, Type::mx, Type::soa,
                                    Type::txt, static_cast<Type>(4711));
    record.ttl_s = *rc::gen::arbitrary<std::uint32_t>();
    record.data = some_data(record.type);
  }
  return records;
}

Message some_message() {
  Message message;
  message.id = *rc::gen::arbitrary<std::uint16_t>();
  message.response = *rc::gen::arbitrary<bool>();
  message.opcode = *rc::gen::inRange<std::uint8_t>(0, 16);
  message.authoritative = *rc::gen::arbitrary<bool>();
  message.truncated = *rc::gen::arbitrary<bool>();
  message.recursion_desired = *rc::gen::arbitrary<bool>();
  message.recursion_available = *rc::gen::arbitrary<bool>();
  message.questions.resize(*rc::gen::inRange<std::size_t>(0, 3));
  for (Question& question : message.questions) question.name = some_name();
  message.answers = some_records();
  message.authorities = some_records();
  message.additionals = some_records();
  if (*rc::gen::arbitrary<bool>()) message.edns = Edns{*rc::gen::arbitrary<std::uint16_t>(), 3};
  message.rcode = static_cast<Rcode>(*rc::gen::inRange(0, message.edns ? 4096 : 16));
  return message;
}

PROPERTY("a message that was written is read as what it was") {
  const Message message = some_message();
  RC_ASSERT(decode(as_bytes(encode(message))) == message);
}

PROPERTY("no part of a message is a message, and neither is one with a byte more") {
  const std::string bytes = encode(some_message());
  RC_ASSERT(!decode(as_bytes(bytes).first(*rc::gen::inRange<std::size_t>(0, bytes.size()))));
  RC_ASSERT(!decode(as_bytes(bytes + 'x')));
}

PROPERTY("a message with other bytes in it is refused, or read as another one, which can be written") {
  std::string bytes = encode(some_message());
  const auto changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i)
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  const auto read = decode(as_bytes(bytes));
  if (read) RC_ASSERT(decode(as_bytes(encode(*read))) == read);
}

PROPERTY("any bytes behind a header are refused, or read") {
  const std::string counts{'\0', '\2', '\0', '\2', '\0', '\1', '\0', '\1'};
  const auto read = decode(as_bytes("\1\2\3\4" + counts + *rc::gen::arbitrary<std::string>()));
  if (read) RC_ASSERT(read->questions.size() == 2);
}

PROPERTY("a name is read from its own text") {
  const Name name = some_name();
  RC_ASSERT(Name::parse(name.to_string()).value().wire() == name.wire());
}

/// A message with one question, whose name is these bytes.
bool accepts_name(const std::string& name, const std::string& behind = "") {
  const std::string header{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  return decode(as_bytes(header + name + std::string("\0\1\0\1", 4) + behind)).has_value();
}

std::string pointer(std::size_t to) {
  return {static_cast<char>(0xc0U | to >> 8U), static_cast<char>(to)};
}

TEST_CASE("names that are none are refused") {
  CHECK(accepts_name(std::string("\3abc\0", 5)));
  CHECK_FALSE(accepts_name("\3ab"));                                          // ends too early
  CHECK_FALSE(accepts_name(std::string("\x40", 1) + std::string(65, '\0')));  // no kind of label
  CHECK_FALSE(accepts_name(std::string("\x80", 1) + std::string(65, '\0')));
  CHECK_FALSE(accepts_name(pointer(12)));          // to itself
  CHECK_FALSE(accepts_name(pointer(14)));          // forwards
  CHECK_FALSE(accepts_name(pointer(0x3fff)));      // out of the message
  CHECK_FALSE(accepts_name("\1a" + pointer(12)));  // a circle of more than one step
  std::string labels;
  for (int i = 0; i < 127; ++i) labels += "\1a";
  CHECK(accepts_name(labels + '\0'));
  CHECK_FALSE(accepts_name("\1a" + labels + '\0'));  // longer than 255 bytes
}

TEST_CASE("a chain of pointers is followed only so far") {
  // Records whose names point at each other's, the first one at the root: each is one step longer.
  const auto chain = [](int length) {
    std::string bytes{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    bytes[7] = static_cast<char>(length + 1);
    const std::string rest("\0\x10\0\1\0\0\0\0\0\1\0", 11);  // an empty text
    std::size_t last = bytes.size();
    bytes += '\0' + rest;
    for (int i = 0; i < length; ++i) {
      const std::size_t here = bytes.size();
      bytes += pointer(last) + rest;
      last = here;
    }
    return decode(as_bytes(bytes)).has_value();
  };
  CHECK(chain(32));
  CHECK_FALSE(chain(33));
}

TEST_CASE("data that is not what its type has is refused") {
  const auto accepts = [](Type type, const std::string& data) {
    Message message;
    message.answers.push_back({Name::of("x"), type, class_internet, 1, data});
    return decode(as_bytes(encode(message))).has_value();
  };
  CHECK(accepts(Type::a, "1234"));
  CHECK_FALSE(accepts(Type::a, "123"));
  CHECK_FALSE(accepts(Type::a, "12345"));
  CHECK_FALSE(accepts(Type::aaaa, "1234"));
  CHECK_FALSE(accepts(Type::txt, ""));
  CHECK_FALSE(accepts(Type::txt, "\4abc"));
  CHECK_FALSE(accepts(Type::cname, "\1a"));
  CHECK_FALSE(accepts(Type::mx, "\1"));
  CHECK(accepts(static_cast<Type>(4711), ""));
}

TEST_CASE("two OPT records are refused") {
  Message message;
  message.edns = Edns{};
  message.additionals.push_back({Name(), Type::opt, 512, 0, {}});
  CHECK_FALSE(decode(as_bytes(encode(message))));
}

TEST_CASE("names are shortened by what stands in front of them, in any case") {
  Message message;
  message.questions.push_back({Name::of("www.example.test"), Type::a, class_internet});
  message.answers.push_back({Name::of("WWW.Example.test"), Type::a, class_internet, 1, "1234"});
  message.answers.push_back({Name::of("mail.example.test"), Type::a, class_internet, 1, "1234"});
  const std::string bytes = encode(message);
  CHECK(bytes.size() == header_size + (18 + 4) + (2 + 10 + 4) + (5 + 2 + 10 + 4));
  CHECK(decode(as_bytes(bytes)) == message);
}

TEST_CASE("names are compared and shown as RFC 1035 has it") {
  CHECK(Name::of("Example.TEST.") == Name::of("example.test"));
  CHECK(Name::of("a\\.b.c").to_string() == "a\\.b.c.");
  CHECK(Name::of("a\\046b.c") == Name::of("a\\.b.c"));
  CHECK(Name::of("\\000\\255").to_string() == "\\000\\255.");
  for (const char* text : {"", "..", "a..b", ".a", "a\\", "a\\25", "a\\256"}) CHECK_FALSE(Name::parse(text));
  CHECK_FALSE(Name::parse(std::string(64, 'a')));
  CHECK(Name::of("a.b").is_within(Name::of("B")));
  CHECK_FALSE(Name::of("ab").is_within(Name::of("b")));
  CHECK(Name::of("a").is_within(Name()));
}

TEST_CASE("data is shown as zone files have it") {
  const auto shown = [](Type type, const std::vector<std::string>& words) {
    return data_text({Name(), type, class_internet, 1, data_of(type, words, Name::of("o")).value()});
  };
  CHECK(shown(Type::a, {"192.0.2.1"}) == "192.0.2.1");
  CHECK(shown(Type::aaaa, {"2001:db8::1"}) == "2001:db8::1");
  CHECK(shown(Type::mx, {"10", "mail"}) == "10 mail.o.");
  CHECK(shown(Type::txt, {"a b", "\"\\", "\x01"}) == R"("a b" "\"\\" "\001")");
  CHECK(shown(Type::soa, {"@", "b.", "1", "2", "3", "4", "4294967295"}) == "o. b. 1 2 3 4 4294967295");
  CHECK(data_text({Name(), static_cast<Type>(4711), class_internet, 1, "\x0a\xff"}) == "\\# 2 0aff");
}

}  // namespace
}  // namespace dns
