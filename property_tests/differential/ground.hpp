// Where programs are run: the simulation, or the real system.
#pragma once

#include "endpoint.hpp"
#include "plant.hpp"
#include "program.hpp"
#include "tls_contexts.hpp"

#include <twinwire/net/loop.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace twinwire::differential {

/// Both ends.
struct Ends {
  std::array<std::shared_ptr<Endpoint>, 2> sides;
};

class Ground {
 public:
  Ground() = default;
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  virtual ~Ground() = default;

  /// Two ends that are not connected to anything that was there before. Throws std::runtime_error if they
  /// cannot be connected.
  virtual Ends connect(Kind kind) = 0;
  /// Lets everybody run until nothing is left to happen, but at least until `enough` holds, if that can be
  /// waited for.
  virtual void settle(const std::function<bool()>& enough) = 0;
};

/// A world of its own for each program, with links that only take time.
std::unique_ptr<Ground> simulated_ground(Plant plant = Plant::none);
/// One loop, with both ends of every connection on it. What does not happen within `patience` never does.
std::unique_ptr<Ground> real_ground(Duration patience, Plant plant = Plant::none);

/// What there is to connect.
struct Place {
  std::string host;   ///< where side 1 can be reached
  std::string path;   ///< what a Unix socket may be called; behind it other names follow
  std::string child;  ///< the program of a child process: see child.hpp
  TlsContexts tls;
};

/// What the two have in common: connecting, which is done by the same calls on both.
class Meeting {
 public:
  Meeting(Loop& first, Loop& second, Place place);
  ~Meeting();

  /// Begins; `ended` holds once it has succeeded or failed.
  void begin(Kind kind);
  bool ended() const;
  /// Throws std::runtime_error if it failed.
  Ends finish();

 private:
  std::shared_ptr<BaseProtocol> accepted() const;
  void connect_stream(Kind kind);
  void listen(Kind kind, Completion<Server> listening);
  void connect_to(const Server& server, Kind kind);
  void connect_pipe();
  void connect_udp();
  void listen_for_child();
  void start_child();

  std::array<Loop*, 2> loops_;
  Place place_;
  std::array<Server, 4> servers_;  ///< of TCP, TLS, Unix sockets, and for children: once one was needed
  Ends ends_;
  std::exception_ptr failure_;
  bool done_ = false;
};

}  // namespace twinwire::differential
