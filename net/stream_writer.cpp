#include <twinwire/net/stream_writer.hpp>

#include <stdexcept>

#include <boost/asio/deferred.hpp>

namespace twinwire {
namespace {

using detail::Ref;
using detail::StreamState;

awaitable<void> perform_drain(Ref<StreamState> state) {
  if (!state->is_lost() && state->transport.is_closing()) {
    // A write may just have failed: connection_lost, which tells, is on its way then.
    co_await sleep_for(state->loop, Duration::zero(), boost::asio::deferred);
  }
  if (state->is_lost()) std::rethrow_exception(state->drain_failure());
  if (!state->writing_paused()) co_return;
  co_await detail::initiate<void(std::exception_ptr)>(
      state->loop, boost::asio::deferred,
      [&state](VoidCompletion done) { return state->start_drain_wait(std::move(done)); });
}

awaitable<void> perform_start_tls(Ref<StreamState> state, StartTlsOptions options) {
  const Transport plain = state->transport;
  // Whoever is between could have put it there, for us to take for something that came over TLS
  // (CVE-2011-0411).
  if (const std::size_t unread = state->unread(); unread != 0) {
    plain.abort();
    throw OperationError(make_error(errc::protocol_error),
                         "start TLS: " + std::to_string(unread) + " bytes came in clear and were not read");
  }
  Transport secure = co_await start_tls(state->loop, plain, plain.get_protocol(), std::move(options));
  state->moved_to(std::move(secure));
}

awaitable<void> perform_wait_closed(Ref<StreamState> state) {
  co_await detail::initiate<void(std::exception_ptr)>(
      state->loop, boost::asio::deferred,
      [&state](VoidCompletion done) { return state->start_close_wait(std::move(done)); });
}

}  // namespace

awaitable<void> StreamWriter::drain() const {
  return perform_drain(state());
}

awaitable<void> StreamWriter::start_tls(StartTlsOptions options) const {
  return perform_start_tls(state(), std::move(options));
}

awaitable<void> StreamWriter::wait_closed() const {
  return perform_wait_closed(state());
}

const Ref<StreamState>& StreamWriter::state() const {
  if (!end_) throw std::logic_error("this writer has no stream");
  return end_->state;
}

}  // namespace twinwire
