// A simulated TCP connection: two hosts, a flow in each direction, and the wires that use them.
//
// One between Unix sockets is the same from a host to itself, but that nothing is lost and that each end
// knows at once when the other one closes, as both are in one system:
//
//   the other end ...             TCP                             Unix
//   closed, and had read all      ends the stream                 ends the stream; writing is a broken pipe
//   closed, with bytes unread     resets, dropping what is behind resets behind all that was written
//   aborts                        resets                          closes
#pragma once

#include <twinwire/net/error.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/tcp/flow.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace twinwire::sim {

class Handshake;
class Host;
class PeerWatch;
class TcpAcceptor;
class TcpWire;
class World;
struct ConnectionTag;

/// Side 0 is the client, side 1 the server. It lives in its world until both sides are closed and nothing is
/// on its way any more.
class TcpConnection final : public detail::RefCounted, public detail::ListLink<ConnectionTag> {
 public:
  /// Begins the handshake. `name` is structural: "client>server:80#1".
  TcpConnection(World& world, Host& client, const Address& client_address, const Address& server_address,
                std::string name);
  /// Of Unix sockets, to a listener that has room.
  TcpConnection(World& world, Host& host, TcpAcceptor& listener, std::string name);
  ~TcpConnection() override;

  World& world() const noexcept { return world_; }
  const std::string& name() const noexcept { return name_; }
  std::uint64_t id() const noexcept { return id_; }
  /// The name of the direction that this side sends in: "client<server:80#1" for side 1.
  std::string direction_name(int side) const;
  bool is_unix() const noexcept { return unix_; }
  Host& host(int side) const noexcept { return *sides_[index(side)].host; }
  Link& link(int from_side) const noexcept { return *sides_[index(from_side)].outgoing; }
  const Address& address(int side) const noexcept { return addresses_[index(side)]; }
  Flow& outgoing(int side) noexcept { return flows_[index(side)]; }
  Flow& incoming(int side) noexcept { return flows_[index(1 - side)]; }

  // --- for the wires ---
  TcpWire* wire(int side) const noexcept { return sides_[index(side)].wire; }
  void set_wire(int side, TcpWire* wire) noexcept { sides_[index(side)].wire = wire; }
  /// would_block while the handshake goes on.
  error_code connect_result() const;
  bool established() const noexcept { return established_; }
  /// The error that ended it, seen from this side. Reading it clears it, as SO_ERROR does.
  error_code take_error(int side) noexcept;
  bool is_dead(int side) const noexcept { return sides_[index(side)].dead; }
  /// The other end of a Unix connection is closed: nothing can be written any more.
  bool hung_up(int side) const noexcept { return unix_ && sides_[index(1 - side)].closed; }
  void close(int side);
  void abort(int side);
  /// Null unless this side has one.
  PeerWatch* watch(int side) const noexcept { return sides_[index(side)].watch.get(); }
  PeerWatch& make_watch(int side);

  // --- for the handshake ---
  void server_found(Host& server);
  void client_established();
  void connect_failed(error_code error);
  /// The client is connected and gone already, or the listener is: side 1 resets.
  void refuse_established();

  // --- for the flows ---
  void data_arrived(int side, std::size_t length);
  void room_arrived(int side);
  void reset_arrived(int side);
  void timed_out(int side);
  /// The reset of the other side never came through: this one notices if it has something to send.
  void reset_undelivered(int side);
  void finish_if_over();

  // --- for the watch of a side ---
  /// Gives up: timed_out here, and a reset for the peer, if it can be reached after all.
  void unreachable(int side);

 private:
  struct Side {
    Host* host = nullptr;
    TcpWire* wire = nullptr;
    Link* outgoing = nullptr;
    bool closed = false;
    bool dead = false;  ///< reset or timed out: nothing can be sent any more
    std::unique_ptr<PeerWatch> watch;
  };

  static constexpr std::size_t index(int side) noexcept { return static_cast<std::size_t>(side); }
  void close_unix(int side);
  void tell_hang_up();
  void reset(int side);
  void die(int side, error_code error);

  // In the order of use: what every packet touches lies together.
  World& world_;
  std::uint64_t id_;
  std::array<Side, 2> sides_;
  bool established_ = false;
  bool unix_ = false;
  std::string name_;
  std::array<Flow, 2> flows_;
  std::array<Address, 2> addresses_;
  std::array<error_code, 2> errors_;
  std::unique_ptr<Handshake> handshake_;
  error_code connect_error_;
  MemberEvent<TcpConnection, &TcpConnection::tell_hang_up> hang_up_{*this};
};

}  // namespace twinwire::sim
