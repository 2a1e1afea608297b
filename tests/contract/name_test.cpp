// Looking names up: what the resolver of either backend makes of what name servers say.
#include "endpoints.hpp"
#include "harness.hpp"
#include "name_server.hpp"

#include <boost/asio/error.hpp>

namespace twinwire::contract {
namespace {

namespace netdb = boost::asio::error;

CONTRACT_TEST("NAME-01", "all addresses of a name come with the port, in the order of the name server") {
  NameServer names(stage);
  names.add("several.test", {Address::of("127.0.0.3", 0), Address::of("127.0.0.2", 0)});
  const auto found = names.look_up("several.test", 80);
  INFO(found->message());
  CHECK(found->value == std::vector{Address::of("127.0.0.3", 80), Address::of("127.0.0.2", 80)});
}

CONTRACT_TEST("NAME-01", "and create_connection tries one after the other") {
  const RefusingAddress refusing(stage);
  const Service service(stage);
  NameServer names(stage);
  names.add("server.test", {Address::of(stage.server_address(), 0)});
  Connecting connecting(stage, stage.client(), {"server.test", service.server.port()});
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == service.address());
  const Address closed = refusing;
  Connecting failing(stage, stage.client(), {"server.test", closed.port()});
  failing.run();
  CHECK(failing.attempts() ==
        std::vector{Address::of(stage.server_address(), closed.port()).to_string() + " connection_refused"});
}

CONTRACT_TEST("NAME-02", "a name that does not exist is host_not_found, and the message says which it was") {
  NameServer names(stage);
  names.add("there.test", {Address::of("127.0.0.1", 0)});
  const auto missing = names.look_up("missing.test", 80);
  CHECK(error_code_of(missing->failure) == netdb::host_not_found);
  CHECK_THAT(missing->message(), Catch::Contains("resolve missing.test:80: Host not found"));
  Connecting connecting(stage, stage.client(), {"missing.test", 80});
  connecting.run();
  CHECK(error_code_of(connecting.outcome->failure) == netdb::host_not_found);
  CHECK_THAT(connecting.outcome->message(), Catch::Contains("missing.test:80"));
  CHECK(connecting.attempts().empty());
}

CONTRACT_TEST("NAME-03", "a name server that fails is host_not_found_try_again: for now nobody knows") {
  NameServer names(stage);
  names.add("spoilt.test", {Address::of("127.0.0.1", 0)});
  names.spoil("spoilt.test", Saying::failure);
  const auto failed = names.look_up("spoilt.test", 80);
  CHECK(error_code_of(failed->failure) == netdb::host_not_found_try_again);
  CHECK_THAT(failed->message(), Catch::Contains("resolve spoilt.test:80: "));
  CHECK(failed->value.empty());
}

// On the real system this waits for a second: that nobody answers cannot be seen sooner.
CONTRACT_TEST("NAME-03", "and so is one that does not answer, in the end") {
  NameServer names(stage);
  names.add("silent.test", {Address::of("127.0.0.1", 0)});
  names.spoil("silent.test", Saying::nothing);
  CHECK(error_code_of(names.look_up("silent.test", 80)->failure) == netdb::host_not_found_try_again);
}

CONTRACT_TEST("NAME-04",
              "only addresses of the family come; a name that has none is as one that is not there") {
  NameServer names(stage);
  names.add("four.test", {Address::of("127.0.0.1", 0)});
  names.add("six.test", {Address::of("::1", 0)});
  names.add("both.test", {Address::of("127.0.0.1", 0), Address::of("::1", 0)});
  CHECK(names.look_up("four.test", 1, Family::ipv4)->value == std::vector{Address::of("127.0.0.1", 1)});
  CHECK(names.look_up("six.test", 1, Family::ipv6)->value == std::vector{Address::of("::1", 1)});
  CHECK(names.look_up("both.test", 1, Family::ipv4)->value == std::vector{Address::of("127.0.0.1", 1)});
  CHECK(names.look_up("both.test", 1, Family::ipv6)->value == std::vector{Address::of("::1", 1)});
  CHECK(names.look_up("both.test", 1)->value.size() == 2);
  CHECK(error_code_of(names.look_up("four.test", 1, Family::ipv6)->failure) == netdb::host_not_found);
}

CONTRACT_TEST("NAME-05", "a service that is not known fails for what it is, whatever the name") {
  NameServer names(stage);
  names.add("there.test", {Address::of("127.0.0.1", 0)});
  for (const char* name : {"there.test", "missing.test", "localhost"}) {
    const auto failed = names.look_up(name, "no-such-service");
    CHECK(error_code_of(failed->failure) == netdb::service_not_found);
    CHECK_THAT(failed->message(), Catch::Contains(std::string(name) + ":no-such-service"));
  }
  CHECK(names.look_up("there.test", "http")->value == std::vector{Address::of("127.0.0.1", 80)});
}

}  // namespace
}  // namespace twinwire::contract
