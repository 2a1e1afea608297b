#include "datagram_pair.hpp"

#include "harness.hpp"

#include <twinwire/sim/world.hpp>

#include <array>
#include <sys/socket.h>

namespace twinwire::contract {
namespace {

constexpr std::uint64_t slow_bandwidth = 256 * 1024;
constexpr std::int64_t small_send_buffer = 4096;
constexpr int waits_at_most = 100'000;

DatagramOptions adopted(int descriptor) {
  DatagramOptions options;
  options.sock = NativeHandle{descriptor};
  return options;
}

}  // namespace

SlowPair slow_pair(Stage& stage) {
  SlowPair pair;
  if (sim::World* const world = stage.world()) {
    stage.calm();
    world->link(world->host("client"), world->host("server")).options.bandwidth = slow_bandwidth;
    DatagramOptions listening;
    listening.local_addr = {stage.server_address(), 0};
    pair.receiver = stage.open_endpoint(stage.server(), "receiver", listening);
    DatagramOptions connected;
    connected.remote_addr = {stage.server_address(), pair.receiver->transport.sockname()->port()};
    pair.sender = stage.open_endpoint(stage.client(), "sender", connected);
    pair.sender->transport.set_option(Option::send_buffer_size, small_send_buffer);
    return pair;
  }
  std::array<int, 2> sockets{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
  pair.receiver = stage.open_endpoint(stage.server(), "receiver", adopted(sockets[0]));
  pair.sender = stage.open_endpoint(stage.client(), "sender", adopted(sockets[1]));
  return pair;
}

int send_until_one_waits(const DatagramRecorder& sender) {
  int sent = 0;
  while (sender.transport.get_write_buffer_size() == 0) {
    REQUIRE(sent < waits_at_most);
    sender.sendto(std::to_string(sent++));
  }
  return sent - 1;
}

}  // namespace twinwire::contract
