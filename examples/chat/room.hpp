// The room: who is in it, and whether talking may go on.
#pragma once

#include "limits.hpp"

#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chat {

class Member;

/// What the members of one room share. Any number of servers may bring them in: of TLS, of Unix sockets.
/// Lives as long as the last member. Loop thread only.
class Room : public std::enable_shared_from_this<Room> {
 public:
  static std::shared_ptr<Room> create(twinwire::Loop& loop, const Limits& limits = {});

  /// For Loop::create_server and Loop::create_unix_server.
  twinwire::ProtocolFactory factory();
  /// Dismisses everybody.
  void end(std::string_view reason);

  /// The most bytes that wait for a member.
  std::size_t backlog() const;
  const Limits& limits() const noexcept { return limits_; }

  // --- for members ---

  /// False: the room is full.
  bool enter(Member& member);
  void leave(Member& member);
  /// Whether a member is called so.
  bool has(std::string_view name) const;
  /// "alice, bob"; empty if nobody is here.
  std::string names() const;
  /// To all who have a name, but for one.
  void tell_others(const Member& speaker, std::string_view line) const;
  /// A member falls behind: nobody is read from until as many have caught up, or left.
  void hold();
  void release();
  bool is_held() const noexcept { return behind_ != 0; }
  twinwire::Loop& loop() const noexcept { return loop_; }

 private:
  Room(twinwire::Loop& loop, const Limits& limits) : loop_(loop), limits_(limits) {}

  twinwire::Loop& loop_;
  Limits limits_;
  std::vector<Member*> members_;  ///< in the order in which they came; they leave before they go
  std::size_t behind_ = 0;
};

}  // namespace chat
