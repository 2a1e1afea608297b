// The server's side of one connection.
#pragma once

#include "command_parser.hpp"
#include "commands.hpp"
#include "server.hpp"

#include <twinwire/net/protocol.hpp>

#include <memory>

namespace resp {

/// Answers commands in their order. All replies to what one read brought go out in one write. While the peer
/// does not take its replies, nothing is executed and nothing read: what it may cost is bounded by the water
/// mark, one reply (no command has one that is longer than a bulk may be), one command and one read.
class Session final : public twinwire::Protocol {
 public:
  explicit Session(std::shared_ptr<Server> server);

  void connection_made(twinwire::Transport transport) override;
  void data_received(twinwire::Bytes data) override;
  void pause_writing() override { paused_ = true; }
  void resume_writing() override;
  void connection_lost(twinwire::error_code error) override;

 private:
  void answer();
  bool answer_next(Commands& commands, std::string& out);
  void send(std::string& out);
  void end_with(std::string& out);

  std::shared_ptr<Server> server_;
  twinwire::Transport transport_;
  CommandParser parser_;
  ClientState client_;
  bool paused_ = false;
};

}  // namespace resp
