// Connections for coroutines, on both backends.
//
//     awaitable<void> echo(StreamReader reader, StreamWriter writer) {
//       for (std::string line = co_await reader.read_line(); !line.empty(); line = co_await
//       reader.read_line()) {
//         writer.write(line);
//         co_await writer.drain();
//       }
//     }
//
//     Server server = co_await start_server(loop, echo, ServerOptions("0.0.0.0", 7));
//     Stream stream = co_await open_connection(loop, ConnectOptions("server", 7));
//
// On GCC 12, build options structs with their constructors or as named variables, as here: a temporary made
// with braces inside a co_await expression is miscompiled where it is an aggregate. So is a lambda that is
// written there and has captured something with a destructor: give it a name, too.
#pragma once

#include <twinwire/net/async.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/stream_errors.hpp>
#include <twinwire/net/stream_reader.hpp>
#include <twinwire/net/stream_writer.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace twinwire {

/// How streams behave.
struct StreamOptions {
  StreamOptions() = default;
  explicit StreamOptions(std::size_t reader_limit) : limit(reader_limit) {}
  /// Of the reader, in bytes, at least 1. See StreamReader.
  std::size_t limit = std::size_t{64} * 1024;
};

/// Both halves of one connection. It is closed when the last handle to the writer is gone.
struct Stream {
  Stream() = default;
  Stream(StreamReader reading, StreamWriter writing)
      : reader(std::move(reading)), writer(std::move(writing)) {}
  StreamReader reader;
  StreamWriter writer;
};

/// Connects. Fails as create_connection does, and throws std::invalid_argument for a limit of 0. Cancelling
/// it leaves no socket open. https://docs.python.org/3/library/asyncio-stream.html#asyncio.open_connection
awaitable<Stream> open_connection(Loop& loop, ConnectOptions options, StreamOptions stream_options = {});
awaitable<Stream> open_connection(Loop& loop, std::string host, Port port, StreamOptions stream_options = {});

/// The same over a Unix socket. Fails as create_unix_connection does.
/// https://docs.python.org/3/library/asyncio-stream.html#asyncio.open_unix_connection
awaitable<Stream> open_unix_connection(Loop& loop, UnixConnectOptions options,
                                       StreamOptions stream_options = {});

/// Serves one connection: usually a coroutine. A connection is closed in order when its handler has returned,
/// unless a copy of the writer lives on. When an exception escapes it is aborted, and the loop's exception
/// handler is told.
using StreamHandler = UniqueFunction<awaitable<void>(StreamReader, StreamWriter)>;

namespace detail {
ProtocolFactory stream_factory(Loop& loop, StreamHandler handler, StreamOptions options);
}

/// Listens, and runs `handler` for every connection, as a background task "serve PEER". Completes with the
/// Server, which goes on accepting until it is closed. Connections outlive it; its loop does not outlive
/// them. Fails as create_server does, and throws std::invalid_argument at once for a limit of 0.
/// https://docs.python.org/3/library/asyncio-stream.html#asyncio.start_server
template <class Token = boost::asio::use_awaitable_t<>>
auto start_server(Loop& loop, StreamHandler handler, ServerOptions options, StreamOptions stream_options = {},
                  Token&& token = Token{}) {
  return create_server(loop, detail::stream_factory(loop, std::move(handler), stream_options),
                       std::move(options), std::forward<Token>(token));
}

/// start_server over a Unix socket. Fails as create_unix_server does.
/// https://docs.python.org/3/library/asyncio-stream.html#asyncio.start_unix_server
template <class Token = boost::asio::use_awaitable_t<>>
auto start_unix_server(Loop& loop, StreamHandler handler, UnixServerOptions options,
                       StreamOptions stream_options = {}, Token&& token = Token{}) {
  return create_unix_server(loop, detail::stream_factory(loop, std::move(handler), stream_options),
                            std::move(options), std::forward<Token>(token));
}

}  // namespace twinwire
