#include <twinwire/net/stream_reader.hpp>

#include <stdexcept>

#include <boost/asio/deferred.hpp>

namespace twinwire {
namespace {

using detail::ReadRequest;
using detail::Ref;
using detail::StreamState;

auto wait_for_bytes(StreamState& state) {
  return detail::initiate<void(std::exception_ptr)>(
      state.loop, boost::asio::deferred,
      [&state](VoidCompletion done) { return state.start_read_wait(std::move(done)); });
}

// The coroutines own what they use: the reader that they were called on may be gone when they run.

awaitable<std::string> perform(Ref<StreamState> state, ReadRequest request, std::string separator = {}) {
  request.separator = separator;
  const StreamState::Turn turn(state, request);
  if (!state->decided(request)) co_await wait_for_bytes(*state);
  co_return state->finish(request);
}

awaitable<std::size_t> perform_into(Ref<StreamState> state, MutableBytes target) {
  ReadRequest request;
  const StreamState::Turn turn(state, request);
  if (!state->decided(request)) co_await wait_for_bytes(*state);
  co_return state->finish_into(request, target);
}

template <class T>
awaitable<T> nothing() {
  co_return T{};
}

}  // namespace

awaitable<std::string> StreamReader::read(std::size_t size) const {
  if (size == 0) return nothing<std::string>();
  ReadRequest request;
  request.size = size;
  return perform(checked(), request);
}

awaitable<std::size_t> StreamReader::read_into(MutableBytes target) const {
  if (target.empty()) return nothing<std::size_t>();
  return perform_into(checked(), target);
}

awaitable<std::string> StreamReader::read_all() const {
  ReadRequest request;
  request.kind = ReadRequest::Kind::all;
  return perform(checked(), request);
}

awaitable<std::string> StreamReader::read_exactly(std::size_t size) const {
  if (size == 0) return nothing<std::string>();
  ReadRequest request;
  request.kind = ReadRequest::Kind::exactly;
  request.size = size;
  return perform(checked(), request);
}

awaitable<std::string> StreamReader::read_until(std::string separator) const {
  if (separator.empty()) throw std::invalid_argument("read_until: the separator is empty");
  ReadRequest request;
  request.kind = ReadRequest::Kind::until;
  return perform(checked(), request, std::move(separator));
}

awaitable<std::string> StreamReader::read_line() const {
  ReadRequest request;
  request.kind = ReadRequest::Kind::until;
  request.end_will_do = true;
  return perform(checked(), request, "\n");
}

bool StreamReader::at_eof() const {
  return state().at_end();
}

const Ref<StreamState>& StreamReader::checked() const {
  if (!state_) throw std::logic_error("this reader has no stream");
  return state_;
}

}  // namespace twinwire
