#include "scenario.hpp"

#include "room.hpp"
#include "user.hpp"

#include <twinwire/net/tls/context.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <simulated_identity.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace chat {
namespace {

using namespace std::chrono_literals;

constexpr int port = 6697;
constexpr const char* path = "/run/chat";
constexpr std::uint32_t buffer_size = 4096;
/// What may wait beyond the mark: a read of each of the others, with names.
constexpr std::size_t backlog_more_max = 16 * 1024;

Limits scenario_limits() {
  Limits limits;
  limits.behind_bytes = 4096;
  limits.behind_time_max = 4s;  // nobody who reads is behind for so long, but if a segment is lost five times
  limits.farewell_time_max = 5s;
  return limits;
}

/// A room with both servers, and those who are to come.
class Play {
 public:
  Play(twinwire::sim::World& world, const ScenarioOptions& options)
      : world_(world), home_(world.add_host("server")), room_(Room::create(home_.loop(), scenario_limits())) {
    cast_.lines = options.lines;
    for (int i = 1; i <= options.users; ++i) cast_.talkers.insert("user" + std::to_string(i));
    if (options.sleeper != Sleeper::none) cast_.sleepers.insert("sleeper");
    open_room();
    bool at_home = false;
    for (const std::string& name : cast_.talkers) {
      at_home ? enter_at_home(name) : enter_from_afar(name, Part());
      at_home = !at_home;
    }
    for (const std::string& name : cast_.sleepers)
      enter_from_afar(name, {false, options.sleeper == Sleeper::wakes ? 7s : 60s});
  }

  void run() {
    world_.run_until([this] {
      if (room_->backlog() > room_->limits().behind_bytes + backlog_more_max)
        throw std::logic_error("there wait " + std::to_string(room_->backlog()) + " bytes for a member");
      return std::ranges::all_of(users_, [](const auto& user) { return user->is_done(); });
    });
    for (const auto& server : servers_) server.close();
    world_.run();  // nothing may be left over
  }

  const std::vector<std::shared_ptr<User>>& users() const { return users_; }

 private:
  void open_room() {
    const auto keep = [this](const std::exception_ptr& failure, const twinwire::Server& server) {
      if (failure) std::rethrow_exception(failure);
      servers_.push_back(server);
    };
    twinwire::ServerOptions options("", port);
    options.tls = examples::simulated_server();
    home_.loop().create_server(room_->factory(), options, keep);
    home_.loop().create_unix_server(room_->factory(), twinwire::UnixServerOptions(path), keep);
    world_.run_until([this] { return servers_.size() == 2; });
  }

  void enter_at_home(const std::string& name) {
    home_.loop().create_unix_connection([user = user(home_.loop(), name, Part())] { return user; },
                                        twinwire::UnixConnectOptions(path), connected);
  }

  void enter_from_afar(const std::string& name, Part part) {
    twinwire::Loop& loop = world_.add_host(name).loop();
    twinwire::ConnectOptions options("server", port);
    options.tls = examples::simulated_client();
    loop.create_connection([user = user(loop, name, part)] { return user; }, options, connected);
  }

  static void connected(const std::exception_ptr& failure, const twinwire::Connection&) {
    if (failure) std::rethrow_exception(failure);
  }

  std::shared_ptr<User> user(twinwire::Loop& loop, const std::string& name, Part part) {
    users_.push_back(std::make_shared<User>(loop, name, cast_, part));
    return users_.back();
  }

  twinwire::sim::World& world_;
  twinwire::sim::Host& home_;
  std::shared_ptr<Room> room_;
  Cast cast_;
  std::vector<twinwire::Server> servers_;
  std::vector<std::shared_ptr<User>> users_;
};

void check_end(const User& user, const std::string& words, bool in_order) {
  if (user.last_words() == words && user.end().failed() != in_order) return;
  throw std::logic_error(user.name() + " was told \"" + user.last_words() +
                         "\", and its connection ended with " + user.end().message());
}

}  // namespace

twinwire::sim::WorldOptions scenario_world() {
  twinwire::sim::WorldOptions options;
  options.link = twinwire::sim::LinkOptions::rough();
  options.host.send_buffer_size = buffer_size;
  options.host.receive_buffer_size = buffer_size;
  return options;
}

void run_scenario(twinwire::sim::World& world, const ScenarioOptions& options) {
  Play play(world, options);
  play.run();
  for (const auto& user : play.users()) {
    if (user->name() != "sleeper") {
      check_end(*user, "quit", true);
    } else if (options.sleeper == Sleeper::wakes) {
      check_end(*user, "reads too slowly", true);
    } else {
      check_end(*user, "", false);
    }
  }
}

}  // namespace chat
