#include "room.hpp"

#include "member.hpp"

#include <algorithm>

namespace chat {

std::shared_ptr<Room> Room::create(twinwire::Loop& loop, const Limits& limits) {
  return std::shared_ptr<Room>(new Room(loop, limits));
}

twinwire::ProtocolFactory Room::factory() {
  return [self = shared_from_this()] { return std::make_shared<Member>(self); };
}

void Room::end(std::string_view reason) {
  while (!members_.empty()) members_.front()->dismiss(reason);
}

bool Room::enter(Member& member) {
  if (members_.size() == limits_.members_max) return false;
  members_.push_back(&member);
  return true;
}

void Room::leave(Member& member) {
  std::erase(members_, &member);
}

bool Room::has(std::string_view name) const {
  return std::ranges::any_of(members_, [&](const Member* member) { return member->name() == name; });
}

std::string Room::names() const {
  std::string all;
  for (const Member* member : members_) {
    if (!member->name().empty()) all += (all.empty() ? "" : ", ") + member->name();
  }
  return all;
}

void Room::tell_others(const Member& speaker, std::string_view line) const {
  // Telling removes nobody: who falls behind is only marked.
  for (Member* member : members_) {
    if (member != &speaker && !member->name().empty()) member->tell(line);
  }
}

void Room::hold() {
  if (behind_++ != 0) return;
  for (const Member* member : members_) member->transport().pause_reading();
}

void Room::release() {
  if (--behind_ != 0) return;
  for (const Member* member : members_) member->transport().resume_reading();
}

std::size_t Room::backlog() const {
  std::size_t most = 0;
  for (const Member* member : members_) most = std::max(most, member->transport().get_write_buffer_size());
  return most;
}

}  // namespace chat
