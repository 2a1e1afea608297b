// A machine in a simulated world: addresses, descriptors, ports, a loop, and processes with loops of their
// own.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/sim/descriptors.hpp>
#include <twinwire/sim/files/files.hpp>
#include <twinwire/sim/options.hpp>
#include <twinwire/sim/ports.hpp>
#include <twinwire/sim/processes/process_table.hpp>
#include <twinwire/sim/udp/udp_stack.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::sim {

class TcpAcceptor;
class World;

/// Made by World::add_host, and owned by that world.
class Host {
 public:
  Host(World& world, std::string name, HostOptions options, std::uint64_t index);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  const std::string& name() const noexcept { return name_; }
  World& world() const noexcept { return world_; }
  /// The loop of this host. It lives as long as the world.
  Loop& loop() noexcept { return *loop_; }
  const HostOptions& options() const noexcept { return options_; }
  /// The first of its addresses, with port 0.
  const Address& address() const noexcept { return options_.addresses.front(); }
  std::uint64_t index() const noexcept { return index_; }

  /// Moves the host's calendar; its monotonic clock is not touched.
  void step_wall_clock(Duration by) noexcept { options_.skew += by; }
  /// A signal arrives: the loop's handler for it runs, if there is one.
  void deliver_signal(int signal_number);
  /// A datagram leaves for `to` as if it came from `from`, whose address need not be the host's own: what
  /// those can do who are not on the way. Both have a port, and are of one family, else
  /// std::invalid_argument.
  void send_forged(const Address& from, const Address& to, Bytes data);
  /// Descriptors in use.
  int open_descriptors() const noexcept { return descriptors_.open_count(); }
  /// The next 64 random bits of its system, for those who do not ask Loop::random(): the calm ones are those
  /// of the seed.
  std::uint64_t system_random();
  /// What its Unix sockets are bound to, and other files in their way.
  Files& files() noexcept { return files_; }
  /// Its processes, besides what runs on its own loop.
  ProcessTable& processes() noexcept { return processes_; }
  /// Changes the limit of descriptors; those that are open stay so.
  void set_max_descriptors(int count) noexcept { options_.max_descriptors = count; }

  /// The world ends: the loop goes, with all that is on it, and nobody is told.
  void end() noexcept;

  // --- for the wires of this host ---

  std::unique_ptr<Wire> connect(const Address& remote, const std::optional<Address>& local,
                                error_code& error);
  std::unique_ptr<Acceptor> bind(const Address& local, const detail::ListenOptions& options,
                                 error_code& error);
  std::unique_ptr<Wire> adopt_stream(NativeHandle handle, error_code& error);
  std::unique_ptr<Acceptor> adopt_acceptor(NativeHandle handle, error_code& error);
  std::unique_ptr<DatagramWire> adopt_datagram(NativeHandle handle, error_code& error);
  std::unique_ptr<Wire> adopt_pipe(NativeHandle handle, Direction direction, error_code& error);
  /// `owner` is the host or one of its processes.
  PipeEnds make_pipe(const std::string& owner, error_code& error);
  NativeHandle open_file(const std::string& path, error_code& error);
  std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error);
  Family family_of(NativeHandle handle) noexcept;
  void close_detached(NativeHandle handle);

  /// Is this one of the host's own addresses? The port does not matter.
  bool has(const Address& address) const noexcept;
  /// Who listens there; several share a port by reuse_port, and one is chosen for `connection`.
  TcpAcceptor* listener_for(const Address& address, std::string_view connection);
  void add_acceptor(TcpAcceptor& acceptor);
  void remove_acceptor(TcpAcceptor& acceptor) noexcept;
  /// An invalid handle, and `error`, if all are in use.
  NativeHandle open_descriptor(error_code& error) {
    return descriptors_.open(options_.max_descriptors, error);
  }
  void close_descriptor(NativeHandle handle) noexcept { descriptors_.close(handle); }
  Descriptors& descriptors() noexcept { return descriptors_; }
  UdpStack& udp() noexcept { return udp_; }
  /// Which of its addresses packets to `remote` come from, with port 0; none and `error` if no way leads
  /// there.
  std::optional<Address> source_address(const Address& remote, error_code& error) const;
  void release_port(const Address& address) noexcept { client_ports_.erase(address); }

 private:
  std::optional<Address> source_for(const Address& remote, const std::optional<Address>& local,
                                    error_code& error);
  std::unique_ptr<Wire> connect_unix(const Address& remote, error_code& error);
  std::unique_ptr<Acceptor> bind_unix(const Address& local, bool replace, error_code& error);
  TcpAcceptor* unix_listener(const Address& address) const;
  bool port_taken(const Address& address, bool reuse_port = false) const;
  std::string connection_name(const Address& remote);

  World& world_;
  std::string name_;
  HostOptions options_;
  std::uint64_t index_;
  Descriptors descriptors_;
  std::uint64_t system_random_count_ = 0;
  std::vector<TcpAcceptor*> acceptors_;
  Files files_;
  std::set<Address> client_ports_;
  EphemeralPorts ports_;
  UdpStack udp_{*this};
  std::map<std::string, std::uint64_t> connection_counts_;
  std::map<std::string, std::uint64_t> pipe_counts_;
  ProcessTable processes_{*this};
  std::unique_ptr<Loop> loop_;
};

}  // namespace twinwire::sim
