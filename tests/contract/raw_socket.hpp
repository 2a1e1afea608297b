// Sockets that no transport uses yet, for the clauses about taking over ready-made ones.
#pragma once

#include "stage.hpp"

#include <twinwire/net/wire/wire.hpp>

#include <optional>

namespace twinwire::contract {

/// The server's end of a new connection of `client_end`, as a bare descriptor of the server's host.
NativeHandle accepted_socket(Stage& stage, Recorder& client_end);

/// A bare descriptor of the client's host, connected to `listening`.
NativeHandle connected_socket(Stage& stage, const Server& listening);

/// A bare descriptor of the server's host that listens: not a connected socket.
NativeHandle listening_socket(Stage& stage);

/// A bare descriptor of the server's host for datagrams, bound; with a peer if there is one to name.
NativeHandle datagram_socket(Stage& stage, const std::optional<Address>& peer = std::nullopt);

}  // namespace twinwire::contract
