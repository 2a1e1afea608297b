#include "member.hpp"

#include <algorithm>
#include <utility>

namespace chat {
namespace {

/// What would take control of the terminals of others becomes a question mark. UTF-8 passes.
std::string printable(std::string_view line) {
  std::string text(line);
  std::ranges::replace_if(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }, '?');
  return text;
}

bool is_name(std::string_view text, std::size_t length_max) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= length_max && std::ranges::all_of(text, allowed);
}

}  // namespace

Member::Member(std::shared_ptr<Room> room)
    : room_(std::move(room)), lines_(room_->limits().line_length_max) {}

void Member::connection_made(twinwire::Transport transport) {
  transport_ = std::move(transport);
  transport_.set_write_buffer_limits(static_cast<std::ptrdiff_t>(room_->limits().behind_bytes));
  if (!room_->enter(*this)) return dismiss("the room is full");
  if (room_->is_held()) transport_.pause_reading();
  tell("* welcome, who are you?");
  set_deadline(room_->limits().name_time_max, "no name");
}

void Member::data_received(twinwire::Bytes data) {
  lines_.feed(data);
  // All of them, even if somebody falls behind meanwhile: what that can add is bounded by one read.
  for (auto line = lines_.next(); line && state_ != State::gone; line = lines_.next()) hear(*line);
  if (lines_.is_too_long() && state_ != State::gone) dismiss("a line that is too long");
}

void Member::hear(std::string_view line) {
  if (state_ == State::nameless) {
    take_name(line);
  } else if (line == "/quit") {
    dismiss("quit");
  } else if (!line.empty()) {
    room_->tell_others(*this, name_ + ": " + printable(line));
  }
}

void Member::take_name(std::string_view name) {
  if (!is_name(name, room_->limits().name_length_max)) {
    return dismiss("a name has letters, digits, - and _, and " +
                   std::to_string(room_->limits().name_length_max) + " of them at most");
  }
  if (room_->has(name)) return dismiss("this name is taken");
  deadline_.cancel();
  tell("* here: " + room_->names());
  name_ = name;
  state_ = State::inside;
  room_->tell_others(*this, "* " + name_ + " joined");
}

/// Too much waits for this member. May run inside of `tell`.
void Member::pause_writing() {
  if (state_ == State::gone) return;
  behind_ = true;
  room_->hold();
  set_deadline(room_->limits().behind_time_max, "reads too slowly");
}

void Member::resume_writing() {
  if (!std::exchange(behind_, false)) return;
  deadline_.cancel();
  room_->release();
}

void Member::connection_lost(twinwire::error_code error) {
  if (state_ != State::gone) leave(error.failed() ? error.message() : "connection closed");
  deadline_.cancel();
}

void Member::dismiss(std::string_view reason) {
  leave(reason);
  tell("* goodbye: " + std::string(reason));
  transport_.close();
  deadline_ = room_->loop().call_later(room_->limits().farewell_time_max, [this] { transport_.abort(); });
}

void Member::leave(std::string_view reason) {
  state_ = State::gone;
  deadline_.cancel();
  room_->leave(*this);
  if (std::exchange(behind_, false)) room_->release();
  if (!name_.empty()) room_->tell_others(*this, "* " + name_ + " left: " + std::string(reason));
}

/// There is one at a time. The connection keeps this object until it is lost, which cancels it.
void Member::set_deadline(twinwire::Duration time, std::string reason) {
  deadline_.cancel();
  deadline_ = room_->loop().call_later(time, [this, reason = std::move(reason)] { dismiss(reason); });
}

}  // namespace chat
