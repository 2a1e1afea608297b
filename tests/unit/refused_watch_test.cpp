// What the system refuses to watch is heard of, whatever else a real loop waits for.
#include "loops.hpp"

#include <twinwire/net/connection.hpp>
#include <twinwire/net/executor.hpp>

#include <chrono>
#include <fcntl.h>
#include <memory>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

namespace twinwire {
namespace {

using namespace std::chrono_literals;

struct UntilLost final : Protocol {
  explicit UntilLost(Loop& loop) : loop(loop) {}
  void data_received(Bytes) override {}
  void connection_lost(error_code why) override {
    error = why;
    loop.stop();
  }

  Loop& loop;
  error_code error;
};

TEST_CASE("a descriptor that epoll refuses is lost at once, also while an Asio operation is pending") {
  RealLoop here;
  boost::asio::steady_timer pending(here.loop.get_executor(), 1h);
  pending.async_wait([](const boost::system::error_code&) {});
  const auto protocol = std::make_shared<UntilLost>(here.loop);
  const int endless = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  REQUIRE(endless >= 0);
  here.loop.connect_read_pipe([protocol] { return protocol; }, {endless}, {});
  bool late = false;
  Handle limit = here.loop.call_later(10s, [&] {
    late = true;
    here.loop.stop();
  });
  here.loop.run_forever();
  limit.cancel();
  CHECK_FALSE(late);  // the alarm, too, would have made the loop look
  CHECK(protocol->error == errc::operation_not_permitted);
}

}  // namespace
}  // namespace twinwire
