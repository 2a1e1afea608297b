// Connecting: addresses, names, ports.
#include "endpoints.hpp"
#include "harness.hpp"

#include <stdexcept>

#include <boost/asio/error.hpp>

namespace twinwire::contract {
namespace {

/// No name, for any resolver: a label has 63 characters at most. Nobody has to be asked.
std::string impossible_name() {
  return std::string(64, 'x') + ".invalid";
}

CONTRACT_TEST("CONN-01", "addresses are tried in order until one connects, and the factory is called once") {
  const RefusingAddress refusing(stage);
  const RefusingAddress refusing_too(stage);
  const Service third(stage);
  const Service fourth(stage);
  Names names(stage.client());
  names.add("several.test", {refusing, refusing_too, third.address(), fourth.address()});
  Connecting connecting(stage, stage.client(), {"several.test", 80});
  CHECK(connecting.factory_calls() == 0);
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.factory_calls() == 1);
  const Connection& connection = connecting.outcome->value;
  CHECK(connection.protocol == connecting.protocol->protocol());
  CHECK(connection.transport == connecting.protocol->transport.raw());
  CHECK(connection.transport.get_protocol() == connection.protocol);
  CHECK(connection.transport.peername() == third.address());
  stage.run_until([&] { return third.count() == 1; }, "the connection to be accepted");
  stage.settle();
  CHECK(fourth.count() == 0);
  CHECK(third[0].events() == "CM");
  CHECK(connecting.protocol->events() == "CM");
}

CONTRACT_TEST("CONN-01", "the factory is not called while no connection is established") {
  const SilentAddress silent(stage);
  const std::size_t before = stage.open_descriptors();
  Connecting connecting(stage, stage.client(), {silent.address().host(), silent.address().port()});
  stage.settle();
  CHECK_FALSE(connecting.done());
  CHECK(connecting.factory_calls() == 0);
  CHECK(stage.open_descriptors() == before + 1);
  connecting.cancel();
  connecting.run();
}

CONTRACT_TEST("CONN-01", "a host can be a name") {
  ServerOptions options;
  options.hosts = {"127.0.0.1"};
  const Service service(stage, options);
  Connecting connecting(stage, stage.server(), {"localhost", service.server.port()});
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == service.address());
}

CONTRACT_TEST("CONN-02", "one failed attempt reports its error, and closes its socket") {
  const RefusingAddress refusing(stage);
  const std::size_t before = stage.open_descriptors();
  const Address address = refusing;
  Connecting connecting(stage, stage.client(), {address.host(), address.port()});
  connecting.run();
  CHECK(connecting.outcome->error() == "connection_refused");
  CHECK_THAT(connecting.outcome->message(), Catch::Contains(address.to_string()));
  CHECK(connecting.attempts() == std::vector{address.to_string() + " connection_refused"});
  CHECK(connecting.factory_calls() == 0);
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("CONN-02", "identical errors report that error, and the list has every attempt in order") {
  const RefusingAddress first(stage);
  const RefusingAddress second(stage);
  const RefusingAddress third(stage);
  const std::size_t before = stage.open_descriptors();
  Names names(stage.client());
  names.add("several.test", {second, first, third});
  Connecting connecting(stage, stage.client(), {"several.test", 80});
  connecting.run();
  CHECK(connecting.outcome->error() == "connection_refused");
  std::vector<std::string> expected;
  for (const Address& address : {second.address(), first.address(), third.address()}) {
    expected.push_back(address.to_string() + " connection_refused");
  }
  CHECK(connecting.attempts() == expected);
  CHECK(connecting.factory_calls() == 0);
  CHECK(stage.open_descriptors() == before);
}

CONTRACT_TEST("CONN-02", "differing errors report the first one, and list each") {
  const RefusingAddress refusing(stage, "127.0.0.1");
  const Address other_family = Address::of("::1", 9);
  const std::size_t before = stage.open_descriptors();
  Names names(stage.server());
  for (const bool refused_first : {true, false}) {
    const Address first = refused_first ? refusing.address() : other_family;
    const Address second = refused_first ? other_family : refusing.address();
    names.add("several.test", {first, second});
    ConnectOptions options("several.test", 80);
    options.local_addr = {"127.0.0.1", 0};  // so that the other family cannot be tried
    Connecting connecting(stage, stage.server(), options);
    connecting.run();
    const std::string refused = refusing.address().to_string() + " connection_refused";
    const std::string skipped = other_family.to_string() + " address_family_not_supported";
    CHECK(connecting.outcome->error() ==
          (refused_first ? "connection_refused" : "address_family_not_supported"));
    CHECK(connecting.attempts() ==
          (refused_first ? std::vector{refused, skipped} : std::vector{skipped, refused}));
    CHECK_THAT(connecting.outcome->message(), Catch::Contains(first.to_string()));
    CHECK_THAT(connecting.outcome->message(), Catch::Contains(second.to_string()));
    CHECK(stage.open_descriptors() == before);
  }
}

CONTRACT_TEST("CONN-03", "a resolver's error fails the operation; nothing is attempted") {
  Names names(stage.client());
  names.fail("broken.test", boost::asio::error::no_recovery);
  const std::size_t before = stage.open_descriptors();
  std::size_t most = before;
  Connecting connecting(stage, stage.client(), {"broken.test", 80});
  stage.run_until([&] { return most = std::max(most, stage.open_descriptors()), connecting.done(); },
                  "the operation to fail");
  CHECK(error_code_of(connecting.outcome->failure) == boost::asio::error::no_recovery);
  CHECK_THAT(connecting.outcome->message(), Catch::Contains("broken.test"));
  CHECK(connecting.attempts().empty());
  CHECK(connecting.factory_calls() == 0);
  CHECK(most == before);
}

CONTRACT_TEST("CONN-03", "an empty answer fails the operation; nothing is attempted") {
  Names names(stage.client());
  names.add("empty.test", {});
  Connecting connecting(stage, stage.client(), {"empty.test", 80});
  connecting.run();
  CHECK(connecting.outcome->failure != nullptr);
  CHECK_THAT(connecting.outcome->message(), Catch::Contains("empty.test"));
  CHECK(connecting.attempts().empty());
  CHECK(connecting.factory_calls() == 0);
}

CONTRACT_TEST("CONN-03", "a name that does not exist fails the operation, and getaddrinfo alike") {
  Connecting connecting(stage, stage.client(), {impossible_name(), 80});
  connecting.run();
  CHECK(connecting.outcome->failure != nullptr);
  CHECK_THAT(connecting.outcome->message(), Catch::Contains(impossible_name()));
  CHECK(connecting.attempts().empty());
  CHECK(connecting.factory_calls() == 0);
  const auto looked_up = Outcome<std::vector<Address>>::make();
  as_user([&] { stage.client().getaddrinfo(impossible_name(), 80, {}, looked_up->completion()); });
  stage.run_until([&] { return looked_up->done(); }, "the look-up");
  const error_code error = error_code_of(looked_up->failure);
  CHECK(error == error_code_of(connecting.outcome->failure));
  CHECK(error.category() == boost::asio::error::get_netdb_category());  // the resolver's own word
  CHECK(looked_up->value.empty());
}

CONTRACT_TEST("CONN-04", "a numeric host never goes through name resolution") {
  Names names(stage.server());
  ServerOptions options;
  options.hosts = {"127.0.0.1"};
  if (has_address(stage.server(), "::1")) options.hosts.emplace_back("::1");
  const Service service(stage, options);
  for (const ServerSocket& socket : service.server.sockets()) {
    Connecting connecting(stage, stage.server(), {socket.sockname.host(), socket.sockname.port()});
    connecting.run();
    CHECK(connecting.outcome->succeeded());
    CHECK(connecting.outcome->value.transport.peername() == socket.sockname);
  }
  const auto looked_up = Outcome<std::vector<Address>>::make();
  as_user([&] { stage.server().getaddrinfo("2001:db8::1", 80, {}, looked_up->completion()); });
  stage.run_until([&] { return looked_up->done(); }, "the look-up");
  CHECK(looked_up->value == std::vector{Address::of("2001:db8::1", 80)});
  CHECK(names.asked().empty());
}

CONTRACT_TEST("CONN-05", "a service name as port is resolved") {
  const Service service(stage);
  Names names(stage.client());
  names.add("service.test", {service.address()});
  Connecting connecting(stage, stage.client(), {"service.test", "greeting"});
  connecting.run();
  CHECK(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == service.address());
  CHECK(names.asked() == std::vector<std::string>{"service.test greeting"});
}

CONTRACT_TEST("CONN-05", "the well-known services are known, and others fail") {
  const auto looked_up = [&](const Port& port) {
    const auto outcome = Outcome<std::vector<Address>>::make();
    as_user([&] { stage.client().getaddrinfo("127.0.0.1", port, {}, outcome->completion()); });
    stage.run_until([&] { return outcome->done(); }, "the look-up");
    return outcome;
  };
  CHECK(looked_up("http")->value == std::vector{Address::of("127.0.0.1", 80)});
  CHECK(looked_up("443")->value == std::vector{Address::of("127.0.0.1", 443)});
  CHECK(looked_up("no-such-service")->failure != nullptr);
  Connecting connecting(stage, stage.client(), {"127.0.0.1", "no-such-service"});
  connecting.run();
  CHECK(connecting.outcome->failure != nullptr);
  CHECK_THAT(connecting.outcome->message(), Catch::Contains("no-such-service"));
}

CONTRACT_TEST("CONN-05", "an empty or absent port counts as 0") {
  CHECK(Port().number() == 0);
  CHECK(Port("").number() == 0);
  for (const Port& port : {Port(), Port(""), Port(0), Port("0")}) {
    ConnectOptions options(stage.server_address(), port);
    Connecting connecting(stage, stage.client(), options);
    connecting.run();
    CHECK(connecting.outcome->failure != nullptr);
    REQUIRE(connecting.attempts().size() == 1);
    CHECK_THAT(connecting.attempts()[0], Catch::StartsWith(stage.server_address() + ":0 "));
  }
  ServerOptions absent;
  absent.hosts = {stage.server_address()};
  const auto outcome = Outcome<Server>::make();
  as_user([&] { stage.server().create_server([] { return nullptr; }, absent, outcome->completion()); });
  stage.run_until([&] { return outcome->done(); }, "the server to listen");
  CHECK(outcome->value.port() != 0);  // any free one
  outcome->value.close();
}

CONTRACT_TEST("CONN-06", "local_addr binds the client side, which sockname shows") {
  ServerOptions on_loopback;
  on_loopback.hosts = {"127.0.0.1"};
  const Service service(stage, on_loopback);
  ConnectOptions options("127.0.0.1", service.server.port());
  options.local_addr = {"127.0.0.5", 0};
  Connecting connecting(stage, stage.server(), options);
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  const Address local = connecting.outcome->value.transport.sockname().value();
  CHECK(local.host() == "127.0.0.5");
  CHECK(local.port() != 0);
  stage.run_until([&] { return service.count() == 1; }, "the connection to be accepted");
  CHECK(service[0].transport.raw().peername() == local);
}

CONTRACT_TEST("CONN-06", "local_addr can name the port as well") {
  const Address local = Address::of("127.0.0.5", free_port(stage));
  ServerOptions on_loopback;
  on_loopback.hosts = {"127.0.0.1"};
  const Service service(stage, on_loopback);
  ConnectOptions options("127.0.0.1", service.server.port());
  options.local_addr = {local.host(), local.port()};
  Connecting connecting(stage, stage.server(), options);
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.sockname() == local);
}

CONTRACT_TEST("CONN-06",
              "local candidates of another family are skipped, and none of the family is an error") {
  ServerOptions on_loopback;
  on_loopback.hosts = {"127.0.0.1"};
  const Service service(stage, on_loopback);
  Names names(stage.server());
  names.add("local.test", {Address::of("::1", 0), Address::of("127.0.0.6", 0), Address::of("127.0.0.7", 0)});
  ConnectOptions options("127.0.0.1", service.server.port());
  options.local_addr = {"local.test", 0};
  Connecting connecting(stage, stage.server(), options);
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.sockname()->host() == "127.0.0.6");

  options.local_addr = {"::1", 0};
  Connecting hopeless(stage, stage.server(), options);
  hopeless.run();
  CHECK(hopeless.outcome->error() == "address_family_not_supported");
  CHECK(hopeless.factory_calls() == 0);
}

CONTRACT_TEST("CONN-06", "a local port in use fails and names the address") {
  const Service taken(stage, [] {
    ServerOptions options;
    options.hosts = {"127.0.0.5"};
    return options;
  }());
  ServerOptions on_loopback;
  on_loopback.hosts = {"127.0.0.1"};
  const Service service(stage, on_loopback);
  const std::size_t before = stage.open_descriptors();
  ConnectOptions options("127.0.0.1", service.server.port());
  options.local_addr = {"127.0.0.5", taken.server.port()};
  Connecting connecting(stage, stage.server(), options);
  connecting.run();
  CHECK(connecting.outcome->error() == "address_in_use");
  CHECK_THAT(connecting.outcome->message(), Catch::Contains(taken.address().to_string()));
  CHECK(stage.open_descriptors() == before);
}

}  // namespace
}  // namespace twinwire::contract
