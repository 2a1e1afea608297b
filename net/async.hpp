// The operations of a loop for completion tokens of Asio: a callback, use_awaitable, use_future, deferred.
//
//     Connection connection = co_await create_connection(loop, factory, ConnectOptions("server", 80));
//
// All of them complete with (std::exception_ptr, result), so that awaiting one throws what made it fail: an
// OperationError, or what user code that ran for the operation threw. Misuse (std::invalid_argument,
// std::logic_error) arrives the same way, as a token decides when an operation begins; on a closed loop it is
// thrown by whoever begins it.
//
// A handler is called from the loop, never from inside the call that began the operation, through its
// associated executor (the loop's by default). Emitting the signal of its cancellation slot, of any kind,
// cancels the operation, which then fails with operation_canceled. Destroying the loop destroys a handler
// that is pending, uncalled. Like all of a loop, these are for its thread. A future (use_future) is waited
// for on another one, so it is for results that are values: a Connection or a Server holds counted handles,
// which must not leave the loop's thread, not even to be destroyed.
//
// On Boost 1.81 `co_await f(..., deferred)` does not compile where there is a result (an oversight in Asio);
// `co_await f(...)` and `co_await f(..., deferred)(use_awaitable)` do.
#pragma once

#include <twinwire/net/completion.hpp>
#include <twinwire/net/connection.hpp>
#include <twinwire/net/executor.hpp>  // not for its own sake: the guard of resolvers
#include <twinwire/net/loop.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/sleep.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace twinwire {

/// The coroutine type of this library: it runs on the executor of a loop.
template <class T = void>
using awaitable = boost::asio::awaitable<T>;
using boost::asio::use_awaitable;

/// Loop::create_connection. Completes with a Connection after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_connection
template <class Token = boost::asio::use_awaitable_t<>>
auto create_connection(Loop& loop, ProtocolFactory factory, ConnectOptions options, Token&& token = Token{}) {
  return detail::initiate_checked<Connection>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory),
       options = std::move(options)](Completion<Connection> done) mutable {
        return loop.create_connection(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::create_server. Completes with a Server that listens.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_server
template <class Token = boost::asio::use_awaitable_t<>>
auto create_server(Loop& loop, ProtocolFactory factory, ServerOptions options, Token&& token = Token{}) {
  return detail::initiate_checked<Server>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory), options = std::move(options)](Completion<Server> done) mutable {
        return loop.create_server(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::create_unix_connection. Completes with a Connection after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_unix_connection
template <class Token = boost::asio::use_awaitable_t<>>
auto create_unix_connection(Loop& loop, ProtocolFactory factory, UnixConnectOptions options,
                            Token&& token = Token{}) {
  return detail::initiate_checked<Connection>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory),
       options = std::move(options)](Completion<Connection> done) mutable {
        return loop.create_unix_connection(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::create_unix_server. Completes with a Server that listens.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_unix_server
template <class Token = boost::asio::use_awaitable_t<>>
auto create_unix_server(Loop& loop, ProtocolFactory factory, UnixServerOptions options,
                        Token&& token = Token{}) {
  return detail::initiate_checked<Server>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory), options = std::move(options)](Completion<Server> done) mutable {
        return loop.create_unix_server(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::connect_accepted_socket. The socket belongs to the loop once the operation has begun; when it fails
/// with std::invalid_argument, because this is no connected stream socket, it stays its owner's.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_accepted_socket
template <class Token = boost::asio::use_awaitable_t<>>
auto connect_accepted_socket(Loop& loop, ProtocolFactory factory, AcceptedSocketOptions options,
                             Token&& token = Token{}) {
  return detail::initiate_checked<Connection>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory),
       options = std::move(options)](Completion<Connection> done) mutable {
        return loop.connect_accepted_socket(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::start_tls. Completes with the new transport.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.start_tls
template <class Token = boost::asio::use_awaitable_t<>>
auto start_tls(Loop& loop, BaseTransport transport, std::shared_ptr<BaseProtocol> protocol,
               StartTlsOptions options, Token&& token = Token{}) {
  return detail::initiate_checked<Transport>(
      loop, std::forward<Token>(token),
      [&loop, transport = std::move(transport), protocol = std::move(protocol),
       options = std::move(options)](Completion<Transport> done) mutable {
        return loop.start_tls(transport, std::move(protocol), std::move(options), std::move(done));
      });
}

/// Loop::create_datagram_endpoint. Completes with a DatagramEndpoint after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_datagram_endpoint
template <class Token = boost::asio::use_awaitable_t<>>
auto create_datagram_endpoint(Loop& loop, DatagramProtocolFactory factory, DatagramOptions options,
                              Token&& token = Token{}) {
  return detail::initiate_checked<DatagramEndpoint>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory),
       options = std::move(options)](Completion<DatagramEndpoint> done) mutable {
        return loop.create_datagram_endpoint(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::connect_read_pipe. Completes with a Connection after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_read_pipe
template <class Token = boost::asio::use_awaitable_t<>>
auto connect_read_pipe(Loop& loop, ProtocolFactory factory, NativeHandle pipe, Token&& token = Token{}) {
  return detail::initiate_checked<Connection>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory), pipe](Completion<Connection> done) mutable {
        return loop.connect_read_pipe(std::move(factory), pipe, std::move(done));
      });
}

/// Loop::connect_write_pipe. Completes with a Connection after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.connect_write_pipe
template <class Token = boost::asio::use_awaitable_t<>>
auto connect_write_pipe(Loop& loop, ProtocolFactory factory, NativeHandle pipe, Token&& token = Token{}) {
  return detail::initiate_checked<Connection>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory), pipe](Completion<Connection> done) mutable {
        return loop.connect_write_pipe(std::move(factory), pipe, std::move(done));
      });
}

/// Loop::sendfile. Completes with the number of bytes sent.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.sendfile
template <class Token = boost::asio::use_awaitable_t<>>
auto sendfile(Loop& loop, Transport transport, NativeHandle file, SendfileOptions options = {},
              Token&& token = Token{}) {
  return detail::initiate_checked<std::uint64_t>(
      loop, std::forward<Token>(token),
      [&loop, transport = std::move(transport), file, options](Completion<std::uint64_t> done) {
        return loop.sendfile(transport, file, options, std::move(done));
      });
}

/// Loop::subprocess_exec. Completes with a Subprocess after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.subprocess_exec
template <class Token = boost::asio::use_awaitable_t<>>
auto subprocess_exec(Loop& loop, SubprocessProtocolFactory factory, SubprocessOptions options,
                     Token&& token = Token{}) {
  return detail::initiate_checked<Subprocess>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory),
       options = std::move(options)](Completion<Subprocess> done) mutable {
        return loop.subprocess_exec(std::move(factory), std::move(options), std::move(done));
      });
}

/// Loop::subprocess_shell. Completes with a Subprocess after connection_made has returned.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.subprocess_shell
template <class Token = boost::asio::use_awaitable_t<>>
auto subprocess_shell(Loop& loop, SubprocessProtocolFactory factory, std::string command,
                      SubprocessOptions options = {}, Token&& token = Token{}) {
  return detail::initiate_checked<Subprocess>(
      loop, std::forward<Token>(token),
      [&loop, factory = std::move(factory), command = std::move(command),
       options = std::move(options)](Completion<Subprocess> done) mutable {
        return loop.subprocess_shell(std::move(factory), std::move(command), std::move(options),
                                     std::move(done));
      });
}

/// Loop::getaddrinfo. Completes with the addresses in the order to try.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.getaddrinfo
template <class Token = boost::asio::use_awaitable_t<>>
auto getaddrinfo(Loop& loop, std::string host, Port port, ResolveOptions options = {},
                 Token&& token = Token{}) {
  return detail::initiate_checked<std::vector<Address>>(
      loop, std::forward<Token>(token),
      [&loop, host = std::move(host), port = std::move(port),
       options](Completion<std::vector<Address>> done) mutable {
        return loop.getaddrinfo(std::move(host), std::move(port), options, std::move(done));
      });
}

/// Loop::run_in_executor. Completes with what `function` returned, which is default-constructible, or threw.
/// Cancelling abandons the result; the function runs to its end.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor
template <class F, class Token = boost::asio::use_awaitable_t<>>
auto run_in_executor(Loop& loop, F function, Token&& token = Token{}) {
  using Result = std::invoke_result_t<F&>;
  return detail::initiate_checked<Result>(
      loop, std::forward<Token>(token),
      [&loop, function = std::move(function)](detail::CompletionOf<Result> done) mutable {
        return loop.run_in_executor(std::move(function), std::move(done));
      });
}

/// Server::wait_closed. Throws std::logic_error at once on a server that was default-constructed.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.Server.wait_closed
template <class Token = boost::asio::use_awaitable_t<>>
auto wait_closed(Server server, Token&& token = Token{}) {
  Loop& loop = server.get_loop();
  return detail::initiate_checked<void>(
      loop, std::forward<Token>(token),
      [server = std::move(server)](VoidCompletion done) { return server.wait_closed(std::move(done)); });
}

/// Server::serve_forever: cancelling closes the server, waits as wait_closed, and then completes.
/// https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.Server.serve_forever
template <class Token = boost::asio::use_awaitable_t<>>
auto serve_forever(Server server, Token&& token = Token{}) {
  Loop& loop = server.get_loop();
  return detail::initiate_checked<void>(
      loop, std::forward<Token>(token),
      [server = std::move(server)](VoidCompletion done) { return server.serve_forever(std::move(done)); });
}

}  // namespace twinwire
