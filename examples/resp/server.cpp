#include "server.hpp"

#include "session.hpp"

#include <chrono>

namespace resp {

Server::Server(twinwire::Loop& loop, const ServerOptions& options, const Mistakes& mistakes)
    : loop_(loop),
      options_(options),
      mistakes_(mistakes),
      commands_(Settings{options.clients_max, options.limits.bulk_length_max}) {}

std::shared_ptr<Server> Server::create(twinwire::Loop& loop, const ServerOptions& options,
                                       const Mistakes& mistakes) {
  return std::shared_ptr<Server>(new Server(loop, options, mistakes));
}

twinwire::ProtocolFactory Server::factory() {
  return [self = shared_from_this()] { return std::make_shared<Session>(self); };
}

Commands& Server::commands_now() {
  const auto since_epoch = loop_.time().time_since_epoch();
  commands_.advance(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  return commands_;
}

}  // namespace resp
