// What a connection over Unix sockets can run into: as endpoints.hpp, at paths.
#pragma once

#include "endpoints.hpp"
#include "recorder.hpp"
#include "stage.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace twinwire::contract {

/// The name of the code that this throws; empty if it throws nothing.
template <class F>
std::string error_of(F&& function) {
  try {
    function();
  } catch (...) {
    return name_of(error_code_of(std::current_exception()));
  }
  return {};
}

/// A server with a recorder for each connection; at the path "socket" if the options name none.
class UnixService final : public Service {
 public:
  explicit UnixService(
      Stage& stage, UnixServerOptions options = {},
      std::function<void(Recorder&)> prepare = [](Recorder&) {});

  /// Where it is.
  const std::string path;
};

/// A create_unix_connection on the server's host that has begun, and what has come of it so far.
class UnixConnecting final : public Connecting {
 public:
  UnixConnecting(Stage& stage, const std::string& path) : UnixConnecting(stage, UnixConnectOptions(path)) {}
  UnixConnecting(Stage& stage, const UnixConnectOptions& options);
};

/// Connects to the service, and waits for its end to be there too.
std::shared_ptr<Recorder> connect_to(Stage& stage, const UnixService& service);

/// A bare descriptor that is connected to this path.
NativeHandle connected_unix_socket(Stage& stage, const std::string& path);

/// A create_unix_server that has completed.
std::shared_ptr<Outcome<Server>> create_unix(Stage& stage, UnixServerOptions options);

/// A listener whose backlog is full, and who does not accept.
class BusyPath {
 public:
  BusyPath(Stage& stage, const std::string& name);

  std::string path;
  /// Makes room.
  void accept_all() const;
  /// From now on it refuses.
  void give_up() { acceptor_->close(); }

 private:
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<std::unique_ptr<Wire>> fillers_;
};

}  // namespace twinwire::contract
