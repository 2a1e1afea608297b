// Happy eyeballs: attempts that overlap, and the order of addresses.
#include "endpoints.hpp"
#include "harness.hpp"

#include <chrono>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

/// Longer than any test takes.
constexpr Duration endless = 1h;

ConnectOptions racing(const std::string& host, Duration delay) {
  ConnectOptions options(host, 80);
  options.happy_eyeballs_delay = delay;
  return options;
}

CONTRACT_TEST("CONN-07", "the next attempt starts when the delay has passed, and the first success wins") {
  stage.calm();
  const SilentAddress silent(stage);
  const SilentAddress silent_too(stage);
  const Service service(stage);
  const Service never(stage);
  Names names(stage.client());
  names.add("several.test", {silent, silent_too, service.address(), never.address()});
  const std::size_t before = stage.open_descriptors();
  const TimePoint begin = stage.client().time();
  const Duration delay = 60ms;
  Connecting connecting(stage, stage.client(), racing("several.test", delay));
  if (stage.simulated()) {  // on the real system time does not wait for who looks
    stage.run_for(delay / 2);
    CHECK(stage.open_descriptors() == before + 1);
    stage.run_for(delay);
    CHECK(stage.open_descriptors() == before + 2);
  }
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  CHECK(stage.client().time() - begin >= 2 * delay);
  CHECK(connecting.outcome->value.transport.peername() == service.address());
  CHECK(connecting.factory_calls() == 1);
  stage.run_until([&] { return service.count() == 1; }, "the connection to be accepted");
  // The others are cancelled and closed: there are the two ends of the winner, though the operation is kept.
  CHECK(stage.open_descriptors() == before + 2);
  stage.run_for(3 * delay);
  CHECK(never.count() == 0);
  CHECK(stage.open_descriptors() == before + 2);
  CHECK(connecting.protocol->events() == "CM");
}

CONTRACT_TEST("CONN-07", "the next attempt starts at once when the one before has failed") {
  stage.calm();
  const RefusingAddress refusing(stage);
  const RefusingAddress refusing_too(stage);
  const Service service(stage);
  Names names(stage.client());
  names.add("several.test", {refusing, refusing_too, service.address()});
  Connecting connecting(stage, stage.client(), racing("several.test", endless));
  connecting.run();  // not for so long as the delay is
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == service.address());
}

CONTRACT_TEST("CONN-07",
              "a failure while an earlier attempt is pending starts the next, and starts the delay anew") {
  stage.calm();
  const SilentAddress silent(stage);
  const RefusingAddress refusing(stage);
  const SilentAddress silent_too(stage);
  const Service service(stage);
  Names names(stage.client());
  names.add("several.test", {silent, refusing, silent_too, service.address()});
  const TimePoint begin = stage.client().time();
  const Duration delay = 60ms;
  Connecting connecting(stage, stage.client(), racing("several.test", delay));
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  const Duration took = stage.client().time() - begin;
  CHECK(took >= 2 * delay);
  if (stage.simulated()) CHECK(took < 3 * delay);
}

CONTRACT_TEST("CONN-07", "an attempt that succeeds within the delay leaves the others unstarted") {
  const Service first(stage);
  const Service second(stage);
  Names names(stage.client());
  names.add("several.test", {first.address(), second.address()});
  Connecting connecting(stage, stage.client(), racing("several.test", endless));
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == first.address());
  stage.settle();
  CHECK(second.count() == 0);
}

CONTRACT_TEST("CONN-07", "when several attempts succeed at once, only the winner gets a protocol") {
  const Service first(stage);
  const Service second(stage);
  const Service third(stage);
  Names names(stage.client());
  names.add("several.test", {first.address(), second.address(), third.address()});
  const std::size_t before = stage.open_descriptors();
  Connecting connecting(stage, stage.client(), racing("several.test", 0s));
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.factory_calls() == 1);
  stage.settle();
  stage.run_until([&] { return first.alive() + second.alive() + third.alive() == 1; }, "one to be left");
  CHECK(stage.open_descriptors() == before + 2);
  CHECK(connecting.protocol->events() == "CM");
  connecting.protocol->transport.write("hello");
  const auto received = [&] {
    for (const Service* service : {&first, &second, &third}) {
      for (std::size_t i = 0; i < service->count(); ++i) {
        if ((*service)[i].received() == "hello") return true;
      }
    }
    return false;
  };
  stage.run_until(received, "the winner's server to receive");
}

CONTRACT_TEST("CONN-07",
              "when all attempts fail, whenever they do, the errors are in the order of the attempts") {
  stage.calm();
  SilentAddress slow(stage);
  const RefusingAddress refusing(stage);
  const RefusingAddress refusing_too(stage);
  const std::size_t before = stage.open_descriptors();
  Names names(stage.client());
  names.add("several.test", {slow, refusing, refusing_too});
  Connecting connecting(stage, stage.client(), racing("several.test", 20ms));
  stage.run_for(100ms);
  stage.run_until([&] { return stage.open_descriptors() == before + 1; }, "the other attempts to fail");
  CHECK_FALSE(connecting.done());
  slow.give_up();  // which closes a descriptor of its own
  connecting.run();
  CHECK(connecting.outcome->error() == "connection_refused");
  std::vector<std::string> expected;
  for (const Address& address : {slow.address(), refusing.address(), refusing_too.address()}) {
    expected.push_back(address.to_string() + " connection_refused");
  }
  CHECK(connecting.attempts() == expected);
  CHECK(stage.open_descriptors() == before - 1);
}

/// Which address is tried when: as all of them fail, the failure tells.
std::string order_of_attempts(Stage& stage, const ConnectOptions& options) {
  Connecting connecting(stage, stage.server(), options);
  connecting.run();
  std::string order;
  for (const std::string& attempt : connecting.attempts()) {
    if (!order.empty()) order += ' ';
    order += attempt.substr(0, attempt.rfind(' '));
  }
  return order;
}

/// Three addresses of one family, then two of another, all of which fail.
struct Families {
  explicit Families(Stage& stage) : names(stage.server()) {
    std::vector<Address> all;
    for (int i = 0; i < 5; ++i) {
      bound.push_back(std::make_unique<RefusingAddress>(stage, i < 3 ? "::1" : "127.0.0.1"));
      // Without IPv6 they are alike but for the port, which nobody tries to reach then.
      const Address address = bound.back()->address();
      all.push_back(has_address(stage.server(), address.host())
                        ? address
                        : address.with_port(static_cast<std::uint16_t>(i + 1)));
    }
    names.add("several.test", all);
    for (const Address& address : all) texts.push_back(address.to_string());
  }

  /// "0 3 1": these, in this order.
  std::string order(const std::vector<std::size_t>& indices) const {
    std::string text;
    for (const std::size_t index : indices) text += (text.empty() ? "" : " ") + texts[index];
    return text;
  }

  Names names;
  std::vector<std::unique_ptr<RefusingAddress>> bound;
  std::vector<std::string> texts;
};

CONTRACT_TEST("CONN-08", "with a delay, addresses alternate by family, starting with the first one's") {
  const Families families(stage);
  CHECK(order_of_attempts(stage, racing("several.test", endless)) == families.order({0, 3, 1, 4, 2}));
}

CONTRACT_TEST("CONN-08", "interleave k puts k addresses of the first family in front before alternating") {
  const Families families(stage);
  const std::vector<std::vector<std::size_t>> expected = {
      {0, 1, 2, 3, 4}, {0, 3, 1, 4, 2}, {0, 1, 3, 2, 4}, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}};
  for (int interleave = 0; interleave < 5; ++interleave) {
    for (const bool overlapping : {true, false}) {
      ConnectOptions options("several.test", 80);
      if (overlapping) options.happy_eyeballs_delay = endless;
      options.interleave = interleave;
      INFO("interleave " << interleave);
      CHECK(order_of_attempts(stage, options) ==
            families.order(expected[static_cast<std::size_t>(interleave)]));
    }
  }
}

CONTRACT_TEST("CONN-08", "without delay and interleave the resolver's order is kept") {
  const Families families(stage);
  CHECK(order_of_attempts(stage, {"several.test", 80}) == families.order({0, 1, 2, 3, 4}));
}

CONTRACT_TEST("CONN-08", "without delay the next attempt waits until the one before has ended") {
  SilentAddress silent(stage);
  const Service service(stage);
  Names names(stage.client());
  names.add("several.test", {silent, service.address()});
  Connecting connecting(stage, stage.client(), {"several.test", 80});
  stage.settle();
  CHECK_FALSE(connecting.done());
  CHECK(service.count() == 0);
  silent.give_up();
  connecting.run();
  REQUIRE(connecting.outcome->succeeded());
  CHECK(connecting.outcome->value.transport.peername() == service.address());
}

}  // namespace
}  // namespace twinwire::contract
