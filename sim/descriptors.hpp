// The table of descriptors of a simulated host.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/files/open_file.hpp>
#include <twinwire/sim/processes/pipe.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/udp/udp_socket.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <utility>
#include <variant>
#include <vector>

namespace twinwire::sim {

/// A connected socket that no wire uses.
struct DetachedSocket {
  detail::Ref<TcpConnection> connection;
  int side;
};

/// A bound socket that nobody listens on.
struct DetachedAcceptor {
  Address address;
  bool reuse_port;
  std::uint64_t file;
};

/// Which numbers are open, and what those that no wire uses stand for.
class Descriptors {
 public:
  struct Free {};
  struct InUse {};  ///< by a wire
  using Entry = std::variant<Free, InUse, DetachedSocket, DetachedAcceptor, detail::Ref<UdpSocket>,
                             detail::Ref<PipeEnd>, detail::Ref<OpenFile>>;

  /// The lowest free number; an invalid handle, and `error`, if `limit` are open.
  NativeHandle open(int limit, error_code& error, Entry entry = InUse{});
  void close(NativeHandle handle) noexcept;
  int open_count() const noexcept { return open_count_; }

  /// Null for a number that was never open.
  Entry* find(NativeHandle handle) noexcept;
  /// No wire uses it any more.
  void detach(NativeHandle handle, Entry entry);
  /// It belongs to the process with this number from now on; 0: to the host's own loop, as without this.
  void give_to(NativeHandle handle, int pid);
  /// Whose it is; 0 also for a number that is not open.
  int owner_of(NativeHandle handle) const noexcept;
  /// Those of a process that no wire uses, in the order of their numbers.
  std::vector<NativeHandle> detached_of(int pid);
  /// What it stands for, for a wire that is going to use it; nothing, with invalid_argument, if that is not a
  /// T.
  template <class T>
  std::optional<T> take(NativeHandle handle, error_code& error) {
    Entry* const entry = find(handle);
    if (!entry || !std::holds_alternative<T>(*entry)) {
      error = make_error(errc::invalid_argument);
      return std::nullopt;
    }
    std::optional<T> taken(std::move(std::get<T>(*entry)));
    *entry = InUse{};
    return taken;
  }
  /// Everything, at the end of the host: what is destroyed may look for its place in the table.
  void clear() noexcept { const auto all = std::exchange(entries_, {}); }

 private:
  std::vector<Entry> entries_;
  std::map<int, int> owners_;  ///< numbers that belong to processes, and to which
  std::priority_queue<int, std::vector<int>, std::greater<>> free_;  ///< numbers, the lowest on top
  int open_count_ = 0;
};

}  // namespace twinwire::sim
