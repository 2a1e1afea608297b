// The operations of a loop that make connections, endpoints and servers, written once for every backend.
#pragma once

#include <twinwire/net/connection.hpp>
#include <twinwire/net/datagram.hpp>
#include <twinwire/net/operations/operation.hpp>
#include <twinwire/net/sendfile.hpp>
#include <twinwire/net/server.hpp>
#include <twinwire/net/subprocess.hpp>
#include <twinwire/net/unix.hpp>
#include <twinwire/net/wire/backend.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::detail {

/// All of these throw std::invalid_argument for what can be told to be wrong at once, changing nothing.
Operation start_connect(Loop& loop, ProtocolFactory factory, ConnectOptions options,
                        Completion<Connection> done);
Operation start_unix_connect(Loop& loop, ProtocolFactory factory, UnixConnectOptions options,
                             Completion<Connection> done);
Operation start_adopt(Loop& loop, ProtocolFactory factory, NativeHandle sock, TlsPlan tls,
                      Completion<Connection> done);
Operation start_accepted(Loop& loop, ProtocolFactory factory, const AcceptedSocketOptions& options,
                         Completion<Connection> done);
Operation start_pipe(Loop& loop, ProtocolFactory factory, NativeHandle pipe, Direction direction,
                     Completion<Connection> done);
Operation start_secure(Loop& loop, const BaseTransport& transport, std::shared_ptr<BaseProtocol> protocol,
                       StartTlsOptions options, Completion<Transport> done);
Operation start_server_operation(Loop& loop, ProtocolFactory factory, ServerOptions options,
                                 Completion<Server> done);
Operation start_datagram(Loop& loop, DatagramProtocolFactory factory, DatagramOptions options,
                         Completion<DatagramEndpoint> done);
Operation start_sendfile(Loop& loop, const BaseTransport& transport, NativeHandle file,
                         const SendfileOptions& options, Completion<std::uint64_t> done);
Operation start_subprocess(Loop& loop, SubprocessProtocolFactory factory, SubprocessOptions options,
                           Completion<Subprocess> done);
Operation start_unix_server_operation(Loop& loop, ProtocolFactory factory, const UnixServerOptions& options,
                                      Completion<Server> done);
Operation start_resolve(Loop& loop, ResolveRequest request, Completion<std::vector<Address>> done);

/// What a Unix operation is for: its path as an address, or none if it is for `sock`. Throws as those do.
std::optional<Address> unix_address(Loop& loop, const char* operation, std::string path, NativeHandle sock);

/// Alternates between families: `first_count` addresses of the first one's family, then one of each in turn
/// (RFC 8305, section 4). 0 keeps the order.
std::vector<Address> interleave_families(std::vector<Address> addresses, int first_count);

}  // namespace twinwire::detail
