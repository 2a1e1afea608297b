// Ports, addresses, and the sentences of errors.
#include <twinwire/net/address.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/error.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a port outside of 0 to 65535 is refused, and the message names it") {
  CHECK_THROWS_AS(Port(-1), std::invalid_argument);
  CHECK_THROWS_WITH(Port(65536), "port 65536 is not in the range 0 to 65535");
  CHECK_THROWS_AS(Port("65536"), std::invalid_argument);
  CHECK_THROWS_AS(Port("-1"), std::invalid_argument);
  CHECK_THROWS_AS(Port("99999999999999999999999"), std::invalid_argument);
  CHECK(Port(0).number() == 0);
  CHECK(Port(65535).number() == 65535);
}

TEST_CASE("a port that is too large for any number is named as it was written") {
  CHECK_THROWS_WITH(Port("99999999999999999999999"), Contains("99999999999999999999999"));
  CHECK_THROWS_WITH(Port("-99999999999999999999999"), Contains("-99999999999999999999999"));
}

TEST_CASE("a port is a number, a name for the resolver, or absent, which counts as 0") {
  CHECK(Port("80").number() == 80);
  CHECK(Port("80").text() == "80");
  CHECK(Port(80).text() == "80");
  CHECK(Port("").number() == 0);
  CHECK(Port().number() == 0);
  for (const char* name : {"http", "80x", " 80", "+80", "0x50"}) {
    CHECK_FALSE(Port(name).number().has_value());
    CHECK(Port(name).text() == name);
  }
}

TEST_CASE("what is not a numeric address is none, whatever hides behind it") {
  for (const char* text : {"", "server", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4",
                           "1.2.3.4:80", "[::1]", ":::", "::g"}) {
    CHECK_FALSE(Address::parse(text, 1).has_value());
  }
  CHECK_FALSE(Address::parse(std::string_view("127.0.0.1\0.evil.example", 23), 1).has_value());
  CHECK_THROWS_WITH(Address::of("server", 80), "\"server\" is not a numeric IPv4 or IPv6 address");
}

TEST_CASE("the scope of an address is a number, on every machine") {
  const Address address = Address::of("fe80::1%1", 80);
  CHECK(address.scope_id() == 1);
  CHECK(address.host() == "fe80::1%1");
  CHECK(address.to_string() == "[fe80::1%1]:80");
}

TEST_CASE("addresses know what they are for") {
  CHECK(Address::of("127.8.8.8", 0).is_loopback());
  CHECK(Address::of("::1", 0).is_loopback());
  CHECK_FALSE(Address::of("10.0.0.1", 0).is_loopback());
  CHECK(Address::of("0.0.0.0", 1).is_unspecified());
  CHECK(Address::of("::", 1).is_unspecified());
  CHECK(Address::of("::1", 7).to_string() == "[::1]:7");
  CHECK(Address::of("10.0.0.1", 7).with_port(8).to_string() == "10.0.0.1:8");
  CHECK(Address().to_string() == "unspecified:0");
}

const error_code refused = make_error(errc::connection_refused);
const error_code timed_out = make_error(errc::timed_out);

TEST_CASE("an operation error says what was tried, on what, and why it failed") {
  const OperationError error(refused, "connect to server:80");
  CHECK(error.what() == "connect to server:80: " + refused.message());
  CHECK(error.sentence() == "connect to server:80");
  CHECK(error.code() == refused);
  CHECK(error.attempts().empty());
}

TEST_CASE("one attempt needs no list") {
  const OperationError error(refused, "connect to server:80", {{"10.0.0.1:80", refused}});
  CHECK(error.what() == "connect to server:80: " + refused.message());
  CHECK(error.attempts().size() == 1);
}

TEST_CASE("attempts that failed for different reasons are listed in their order") {
  const OperationError error(refused, "connect to server:80",
                             {{"10.0.0.1:80", refused}, {"[::1]:80", timed_out}});
  CHECK(error.what() == "connect to server:80: " + refused.message() + " (10.0.0.1:80: " + refused.message() +
                            "; [::1]:80: " + timed_out.message() + ")");
}

TEST_CASE("attempts that failed for the same reason collapse to one, and stay in the list of attempts") {
  const OperationError error(refused, "connect to server:80",
                             {{"10.0.0.1:80", refused}, {"[::1]:80", refused}, {"10.0.0.2:80", refused}});
  CHECK(error.what() == "connect to server:80: " + refused.message());
  CHECK(error.attempts().size() == 3);
}

TEST_CASE("the code of any exception can be told") {
  CHECK_FALSE(error_code_of(nullptr).failed());
  CHECK(error_code_of(operation_failure(timed_out, "wait")) == timed_out);
  CHECK(error_code_of(std::make_exception_ptr(std::system_error(ENOENT, std::generic_category()))) ==
        errc::no_such_file_or_directory);
  CHECK(error_code_of(std::make_exception_ptr(std::runtime_error("mine"))) == Error::callback_failure);
  CHECK(error_code_of(std::make_exception_ptr(7)) == Error::callback_failure);
  CHECK(message_of(nullptr) == "no error");
  CHECK(message_of(std::make_exception_ptr(std::runtime_error("mine"))) == "mine");
  CHECK(message_of(std::make_exception_ptr(7)) == "an exception that is not a std::exception");
}

TEST_CASE("the errors of the contract have a category and sentences of their own") {
  for (const Error error :
       {Error::callback_failure, Error::loop_closed, Error::incomplete_read, Error::limit_overrun}) {
    const error_code code = error;
    CHECK(code.failed());
    CHECK(std::string(code.category().name()) == "twinwire");
    CHECK(code.message() != "unknown contract error");
  }
  CHECK(error_code(99, contract_category()).message() == "unknown contract error");
}

}  // namespace
}  // namespace twinwire
