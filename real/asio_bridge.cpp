#include <twinwire/real/asio_bridge.hpp>

namespace twinwire::real {
namespace {

/// Handlers that may make each other ready, before others get their turn.
constexpr int handlers_at_once = 1000;

}  // namespace

// UNSAFE_IO leaves out the locks around sockets and timers, which belong to the loop's thread, and keeps that
// of the queue, to which Asio's own resolver thread and signal handler add.
AsioBridge::AsioBridge(int poller_descriptor)
    : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), poller_(context_, poller_descriptor) {}

AsioBridge::~AsioBridge() {
  poller_.release();
}

bool AsioBridge::has_work() {
  // An io_context stops when it runs out of work, which is the public way to learn whether anything is
  // pending. Our own wait is work, too; once it has ended, not to be stopped means that there is other.
  if (!idle_ && !context_.stopped()) return true;
  context_.restart();
  if (waiting_) return true;  // stopped by somebody else, whose loop it is not
  context_.poll();
  idle_ = context_.stopped();
  return !idle_;
}

bool AsioBridge::run_ready() {
  context_.restart();
  int ran = 0;
  while (ran < handlers_at_once && context_.poll_one() != 0) ++ran;
  return ran != 0;
}

bool AsioBridge::run_one(bool block, bool& poller_ready) {
  if (!waiting_) {
    poller_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code&) { waiting_ = false; });
    waiting_ = true;
  }
  const std::size_t ran = block ? context_.run_one() : context_.poll_one();
  poller_ready = !waiting_;
  return ran != 0;
}

}  // namespace twinwire::real
