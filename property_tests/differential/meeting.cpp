#include "child.hpp"
#include "child_endpoint.hpp"
#include "datagram_endpoint.hpp"
#include "ground.hpp"
#include "process_endpoint.hpp"
#include "stream_endpoint.hpp"

#include <stdexcept>

namespace twinwire::differential {
namespace {

/// Far more than what a program writes in small pieces, and far less than its large one: see
/// docs/differential.md.
constexpr std::int64_t socket_buffer = 128 * 1024;

}  // namespace

Meeting::Meeting(Loop& first, Loop& second, Place place)
    : loops_{&first, &second}, place_(std::move(place)) {}

Meeting::~Meeting() {
  for (const Server& server : servers_) server.close();
}

void Meeting::begin(Kind kind) {
  ends_ = {};
  failure_ = nullptr;
  done_ = false;
  switch (kind) {
    case Kind::tcp:
    case Kind::tls:
    case Kind::unix_socket:
      return connect_stream(kind);
    case Kind::pipe:
      return connect_pipe();
    case Kind::udp:
      return connect_udp();
    case Kind::subprocess:
      return servers_.back() ? start_child() : listen_for_child();
  }
}

bool Meeting::ended() const {
  if (failure_) return true;
  for (const auto& side : ends_.sides) {
    if (side && !side->made()) return false;
  }
  return done_;
}

Ends Meeting::finish() {
  if (failure_) std::rethrow_exception(failure_);
  if (!ended()) throw std::runtime_error("the two ends were not connected in time");
  return std::exchange(ends_, {});
}

std::shared_ptr<BaseProtocol> Meeting::accepted() const {
  return static_cast<StreamEndpoint&>(*ends_.sides[1]).protocol();
}

void Meeting::connect_stream(Kind kind) {
  for (const std::size_t side : {0U, 1U}) {
    ends_.sides[side] =
        std::make_shared<StreamEndpoint>(static_cast<int>(side), *loops_[side], place_.tls, socket_buffer);
  }
  Server& server = servers_[static_cast<std::size_t>(kind)];
  if (server) return connect_to(server, kind);
  listen(kind, [this, &server, kind](std::exception_ptr failure, Server created) {
    failure_ = std::move(failure);
    server = std::move(created);
    if (!failure_) connect_to(server, kind);
  });
}

void Meeting::listen(Kind kind, Completion<Server> listening) {
  const auto factory = [this] { return accepted(); };
  if (kind == Kind::unix_socket) {
    loops_[1]->create_unix_server(factory, UnixServerOptions(place_.path), std::move(listening));
    return;
  }
  ServerOptions options(place_.host, 0);
  if (kind == Kind::tls) {
    options.tls = place_.tls.server;
    options.tls_shutdown_timeout = tls_timeout;
  }
  loops_[1]->create_server(factory, std::move(options), std::move(listening));
}

void Meeting::connect_to(const Server& server, Kind kind) {
  const auto factory = [first = ends_.sides[0]] { return static_cast<StreamEndpoint&>(*first).protocol(); };
  const auto made = [this](std::exception_ptr failure, const Connection&) {
    failure_ = std::move(failure);
    done_ = true;
  };
  if (kind == Kind::unix_socket) {
    loops_[0]->create_unix_connection(factory, UnixConnectOptions(place_.path), made);
    return;
  }
  ConnectOptions options(place_.host, server.sockets().at(0).sockname.port());
  if (kind == Kind::tls) {
    options.tls = place_.tls.client;
    options.server_hostname = tls_name;
    options.tls_shutdown_timeout = tls_timeout;
  }
  loops_[0]->create_connection(factory, std::move(options), made);
}

void Meeting::connect_pipe() {
  for (const int side : {0, 1}) {
    ends_.sides[static_cast<std::size_t>(side)] =
        std::make_shared<StreamEndpoint>(side, *loops_[1], TlsContexts(), std::nullopt);
  }
  const PipeEnds pipe = loops_[1]->make_pipe();
  const auto factory = [this](std::size_t side) {
    return [end = ends_.sides[side]] { return static_cast<StreamEndpoint&>(*end).protocol(); };
  };
  const auto made = [this](std::exception_ptr failure, const Connection&) {
    if (failure) failure_ = std::move(failure);
    done_ = true;
  };
  loops_[1]->connect_write_pipe(factory(0), pipe.writing, made);
  loops_[1]->connect_read_pipe(factory(1), pipe.reading, made);
}

void Meeting::connect_udp() {
  const auto first = std::make_shared<DatagramEndpoint>(0);
  const auto second = std::make_shared<DatagramEndpoint>(1);
  ends_.sides = {first, second};
  DatagramOptions bound;
  bound.local_addr = {place_.host, 0};
  const auto connected = [this, first, second](std::exception_ptr failure,
                                               const twinwire::DatagramEndpoint&) {
    failure_ = std::move(failure);
    done_ = true;
    if (failure_) return;
    second->send_to(*first->address());
    first->expect_from(*second);
    second->expect_from(*first);
  };
  const auto connect = [this, first, second, connected](std::exception_ptr failure,
                                                        const twinwire::DatagramEndpoint&) {
    failure_ = std::move(failure);
    if (failure_) return;
    DatagramOptions options;
    options.remote_addr = {place_.host, second->address()->port()};
    loops_[0]->create_datagram_endpoint([first] { return first->protocol(); }, std::move(options), connected);
  };
  loops_[1]->create_datagram_endpoint([second] { return second->protocol(); }, std::move(bound), connect);
}

void Meeting::listen_for_child() {
  const auto listening = [this](std::exception_ptr failure, Server created) {
    failure_ = std::move(failure);
    servers_.back() = std::move(created);
    if (!failure_) start_child();
  };
  const auto accept = [this] { return static_cast<ChildEndpoint&>(*ends_.sides[1]).protocol(); };
  loops_[0]->create_unix_server(accept, UnixServerOptions(place_.path + "-child"), listening);
}

void Meeting::start_child() {
  ends_.sides = {std::make_shared<ProcessEndpoint>(), std::make_shared<ChildEndpoint>()};
  std::string path = place_.path + "-child";
  if (path.front() == '\0') path.front() = '@';  // no argument can contain it
  const auto factory = [first = ends_.sides[0]] { return static_cast<ProcessEndpoint&>(*first).protocol(); };
  const auto started = [this](std::exception_ptr failure, const Subprocess&) {
    failure_ = std::move(failure);
    done_ = true;
  };
  loops_[0]->subprocess_exec(factory, SubprocessOptions(place_.child, {child_option, path}), started);
}

}  // namespace twinwire::differential
