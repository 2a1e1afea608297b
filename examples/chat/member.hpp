// The server's side of one connection.
#pragma once

#include "line_buffer.hpp"
#include "room.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace chat {

/// Says its name in the first line, and then talks. What it says goes to all others; lines of the server
/// begin with an asterisk. It may be gone in three ways: it quits, its connection ends, or it is dismissed.
class Member final : public twinwire::Protocol {
 public:
  explicit Member(std::shared_ptr<Room> room);

  void connection_made(twinwire::Transport transport) override;
  void data_received(twinwire::Bytes data) override;
  void pause_writing() override;
  void resume_writing() override;
  void connection_lost(twinwire::error_code error) override;

  /// Empty until it has said it.
  const std::string& name() const noexcept { return name_; }
  const twinwire::Transport& transport() const noexcept { return transport_; }
  /// A line, without its end.
  void tell(std::string_view line) const { transport_.write(std::string(line) + '\n'); }
  /// It leaves the room, hears why, and has a time to take that.
  void dismiss(std::string_view reason);

 private:
  enum class State { nameless, inside, gone };

  void hear(std::string_view line);
  void take_name(std::string_view name);
  void leave(std::string_view reason);
  void set_deadline(twinwire::Duration time, std::string reason);

  const std::shared_ptr<Room> room_;
  twinwire::Transport transport_;
  LineBuffer lines_;
  State state_ = State::nameless;
  std::string name_;
  bool behind_ = false;
  twinwire::Handle deadline_;  ///< of what the state is waiting for
};

}  // namespace chat
