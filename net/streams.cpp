#include <twinwire/net/cancellation.hpp>
#include <twinwire/net/state/stream_protocol.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>

#include <memory>
#include <stdexcept>

namespace twinwire {
namespace {

using detail::Ref;
using detail::StreamReaderProtocol;
using detail::StreamState;

Stream make_stream(const Ref<StreamState>& state) {
  return Stream(StreamReader(state), StreamWriter(detail::make_ref<detail::WriterEnd>(state)));
}

/// The stream of a connection that is yet to be made. It is there before, so that the connection is closed
/// wherever the coroutine that makes it may end.
struct Opening {
  Opening(Loop& loop, const StreamOptions& options)
      : state(detail::make_ref<StreamState>(loop, options.limit)), stream(make_stream(state)) {}
  ProtocolFactory factory() const {
    return [state = state] { return std::make_shared<StreamReaderProtocol>(state); };
  }

  Ref<StreamState> state;
  Stream stream;
};

/// Keeps the handler, which may be a lambda with captures, and reports what it throws.
awaitable<void> serve(Loop& loop, std::shared_ptr<StreamHandler> handler, Stream stream) {
  std::exception_ptr failure;
  try {
    awaitable<void> served = (*handler)(stream.reader, stream.writer);
    co_await std::move(served);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  const Transport transport = stream.writer.transport();
  const std::shared_ptr<BaseProtocol> protocol = transport.get_protocol();
  transport.abort();
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none && detail::means_cancelled(failure))
    co_return;
  loop.call_exception_handler(
      {"the handler of a connection threw an exception", failure, transport, protocol});
}

}  // namespace

awaitable<Stream> open_connection(Loop& loop, ConnectOptions options, StreamOptions stream_options) {
  const Opening opening(loop, stream_options);
  ProtocolFactory factory = opening.factory();
  co_await create_connection(loop, std::move(factory), std::move(options));
  co_return opening.stream;
}

awaitable<Stream> open_unix_connection(Loop& loop, UnixConnectOptions options, StreamOptions stream_options) {
  const Opening opening(loop, stream_options);
  ProtocolFactory factory = opening.factory();
  co_await create_unix_connection(loop, std::move(factory), std::move(options));
  co_return opening.stream;
}

awaitable<Stream> open_connection(Loop& loop, std::string host, Port port, StreamOptions stream_options) {
  return open_connection(loop, ConnectOptions(std::move(host), std::move(port)), stream_options);
}

ProtocolFactory detail::stream_factory(Loop& loop, StreamHandler handler, StreamOptions options) {
  if (options.limit == 0) throw std::invalid_argument("start_server: the limit of the reader is 0");
  auto shared = std::make_shared<StreamHandler>(std::move(handler));
  return [&loop, shared = std::move(shared), options] {
    const auto state = make_ref<StreamState>(loop, options.limit);
    return std::make_shared<StreamReaderProtocol>(state, [state = state.get(), shared] {
      const auto peer = state->transport.peername();
      spawn(state->loop, serve(state->loop, shared, make_stream(Ref<StreamState>(state))),
            "serve " + (peer ? peer->to_string() : "a peer"), TaskOptions(true));
    });
  };
}

}  // namespace twinwire
