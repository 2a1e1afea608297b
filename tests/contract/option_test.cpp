// Options of sockets: what is told of them, and what they do.
#include "endpoints.hpp"
#include "harness.hpp"

#include <chrono>

namespace twinwire::contract {
namespace {

using namespace std::chrono_literals;

struct Setting {
  Option option;
  std::int64_t usual;
  std::int64_t least;
  std::int64_t most;
};

constexpr std::int64_t int_max = 2'147'483'647;
constexpr Setting settings[] = {
    {Option::no_delay, 1, 0, 1},
    {Option::keep_alive, 0, 0, 1},
    {Option::user_timeout_ms, 0, 0, int_max},
    {Option::linger_s, -1, -1, 10},
    {Option::keep_alive_idle_s, 7200, 1, 32'767},
    {Option::keep_alive_interval_s, 75, 1, 32'767},
    {Option::keep_alive_count, 9, 1, 127},
};

std::string error_of_setting(const CheckedTransport& transport, Option option, std::int64_t value) {
  try {
    transport.set_option(option, value);
  } catch (const OperationError& error) {
    return name_of(error.code());
  }
  return {};
}

CONTRACT_TEST("OPT-01", "an option tells what it was set to, and before that what is usual") {
  const Pair pair = stage.connect_pair();
  for (const auto& end : {pair.client, pair.server}) {
    for (const Setting& setting : settings) {
      CAPTURE(static_cast<int>(setting.option));
      CHECK(end->transport.get_option(setting.option) == setting.usual);
      for (const std::int64_t value : {setting.most, setting.least}) {
        end->transport.set_option(setting.option, value);
        CHECK(end->transport.get_option(setting.option) == value);
      }
    }
    end->transport.set_option(Option::linger_s, -1);
  }
}

STREAM_TEST("OPT-01", "the size of a buffer is what was asked for, and at least what the system needs") {
  const Pair pair = stage.connect_pair();
  for (const Option option : {Option::send_buffer_size, Option::receive_buffer_size}) {
    for (const std::int64_t size : {4096, 40'000, 100'000}) {
      pair.client->transport.set_option(option, size);
      CHECK(pair.client->transport.get_option(option) == size);
    }
    pair.client->transport.set_option(option, 0);
    CHECK(pair.client->transport.get_option(option) == (option == Option::send_buffer_size ? 2304 : 1152));
    pair.client->transport.set_option(option, int_max);
    const std::int64_t most = pair.client->transport.get_option(option);
    CHECK(most >= 100'000);
    CHECK(most < int_max);
  }
}

CONTRACT_TEST("OPT-02", "a value that no system takes is an invalid argument, and changes nothing") {
  const Pair pair = stage.connect_pair();
  for (const Setting& setting : settings) {
    CAPTURE(static_cast<int>(setting.option));
    CHECK(error_of_setting(pair.client->transport, setting.option, setting.least - 1) == "invalid_argument");
    CHECK(error_of_setting(pair.client->transport, setting.option, int_max + 1) == "invalid_argument");
    CHECK(pair.client->transport.get_option(setting.option) == setting.usual);
  }
  for (const Option option :
       {Option::keep_alive_idle_s, Option::keep_alive_interval_s, Option::keep_alive_count}) {
    const std::int64_t too_much = option == Option::keep_alive_count ? 128 : 32'768;
    CHECK(error_of_setting(pair.client->transport, option, too_much) == "invalid_argument");
  }
}

CONTRACT_TEST("OPT-03", "with a linger time of 0 close resets the connection, and without one it ends it") {
  for (const std::int64_t linger : {0, -1}) {
    const Pair pair = stage.connect_pair();
    pair.client->transport.set_option(Option::linger_s, linger);
    pair.client->transport.close();
    stage.run_until_lost(pair);
    CHECK(pair.client->events() == "CM CL");
    CHECK(pair.server->events() == (linger == 0 ? "CM CL:connection_reset" : "CM ER CL"));
  }
}

STREAM_TEST("OPT-04", "a larger send buffer takes more before the transport has to buffer") {
  const auto taken_with = [&](std::int64_t size) {
    const auto client = stage.recorder("client");
    const auto server = stage.recorder("server");
    server->start_paused = true;
    const Pair pair = stage.connect_pair(client, server);
    client->transport.set_option(Option::send_buffer_size, size);
    const std::string much(4'000'000, 'x');
    client->transport.write(much);
    const std::size_t taken = much.size() - client->transport.get_write_buffer_size();
    client->transport.abort();
    server->transport.resume_reading();
    stage.run_until_lost(pair);
    return taken;
  };
  CHECK(taken_with(8 * 1024) < taken_with(100'000));
}

// On the real system the two tests with times of peers wait for about a second: less cannot be set.
CONTRACT_TEST("OPT-05", "what a peer does not read for longer than the user timeout ends with timed_out") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_option(Option::user_timeout_ms, 100);
  clog(pair.client->transport);
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM PW CL:timed_out");
  pair.server->transport.abort();
  stage.run_until_lost(*pair.server);
}

CONTRACT_TEST("OPT-05", "as long as the peer reads, nothing happens") {
  const Pair pair = stage.connect_pair();
  // Both ends are on one thread, which a busy system may hold up for a while.
  pair.client->transport.set_option(Option::user_timeout_ms, stage.simulated() ? 1000 : 30'000);
  const std::string text = pattern(300'000);
  pair.client->transport.write(text);
  stage.run_until_received(*pair.server, text.size());
  stage.settle();
  CHECK_FALSE(pair.client->lost());
}

CONTRACT_TEST("OPT-06", "keep-alive leaves a connection alone whose peer is there, and tells it nothing") {
  stage.calm();
  const Pair pair = stage.connect_pair();
  for (const auto& [option, value] :
       {std::pair(Option::keep_alive_idle_s, 1), std::pair(Option::keep_alive_interval_s, 1),
        std::pair(Option::keep_alive_count, 1), std::pair(Option::keep_alive, 1)}) {
    pair.client->transport.set_option(option, value);
  }
  stage.run_for(2200ms);
  CHECK(pair.client->events() == "CM");
  CHECK(pair.server->events() == "CM");
  pair.client->transport.write("still here");
  stage.run_until_received(*pair.server, 10);
}

}  // namespace
}  // namespace twinwire::contract
