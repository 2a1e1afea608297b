// The client's side of one connection.
#pragma once

#include "reply_parser.hpp"

#include <twinwire/net/protocol.hpp>

#include <span>
#include <string>

namespace resp {

class Client;

/// Cuts what arrives into replies, and tells its client, for as long as that wants to hear of it.
class Link final : public twinwire::Protocol {
 public:
  Link(Client& client, const ParserLimits& limits, const Mistakes& mistakes)
      : client_(&client), parser_(limits, mistakes) {}

  bool can_write() const noexcept { return up_ && !paused_; }
  void write(std::span<const twinwire::Bytes> requests) { transport_.writelines(requests); }
  void write_eof() { transport_.write_eof(); }
  /// Ends the connection at once. The client hears nothing more, whatever is still on its way.
  void drop();
  /// The attempt to connect has failed.
  void failed(const std::string& reason);

  void connection_made(twinwire::Transport transport) override;
  void data_received(twinwire::Bytes data) override;
  void pause_writing() override { paused_ = true; }
  void resume_writing() override;
  void connection_lost(twinwire::error_code error) override;

 private:
  Client* client_;  ///< null once it was dropped
  twinwire::Transport transport_;
  ReplyParser parser_;
  bool up_ = false;
  bool paused_ = false;
};

}  // namespace resp
