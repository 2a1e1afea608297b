// The server: one set of databases, and a protocol for each connection to it.
#pragma once

#include "commands.hpp"
#include "limits.hpp"
#include "mistakes.hpp"

#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace resp {

struct ServerOptions {
  /// Connections beyond this many are refused, in words.
  std::int64_t clients_max = 10'000;
  ParserLimits limits;
  /// Replies are gathered until everything that was read is answered, or until they are this many bytes.
  std::size_t gathered_max = 64UL * 1024;
  /// The water mark above which a client has to take replies before it gets more.
  std::size_t write_buffer_high = 64UL * 1024;
};

/// What the sessions of one server share. Lives as long as the last of them. Loop thread only.
class Server : public std::enable_shared_from_this<Server> {
 public:
  static std::shared_ptr<Server> create(twinwire::Loop& loop, const ServerOptions& options = {},
                                        const Mistakes& mistakes = {});

  /// For Loop::create_server.
  twinwire::ProtocolFactory factory();

  const ServerOptions& options() const noexcept { return options_; }
  const Mistakes& mistakes() const noexcept { return mistakes_; }

  // --- for sessions ---

  /// False: there are too many.
  bool join() noexcept { return ++clients_ <= options_.clients_max; }
  void leave() noexcept { --clients_; }
  std::int64_t next_id() noexcept { return ++last_id_; }
  /// The commands, at this moment of the loop's clock.
  Commands& commands_now();
  /// Empty space to gather replies in, for as long as one callback takes.
  std::string& gathered() noexcept { return gathered_; }

 private:
  Server(twinwire::Loop& loop, const ServerOptions& options, const Mistakes& mistakes);

  twinwire::Loop& loop_;
  ServerOptions options_;
  Mistakes mistakes_;
  Commands commands_;
  std::string gathered_;
  std::int64_t clients_ = 0;
  std::int64_t last_id_ = 0;
};

}  // namespace resp
