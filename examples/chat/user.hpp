// One user of the scenario: says its lines, and checks what it hears.
#pragma once

#include "line_buffer.hpp"

#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace chat {

/// Who is there, and what everybody does.
struct Cast {
  /// Those who talk.
  std::set<std::string> talkers;
  /// Those who only read, and that slowly.
  std::set<std::string> sleepers;
  std::size_t lines = 0;  ///< that each talker says
};

/// What a user does once everybody is there.
struct Part {
  /// Says its lines, hears those of the others, and quits. Otherwise it reads nothing, for so long:
  bool talks = true;
  twinwire::Duration sleeps{};
};

/// Checks that all lines of the others come, once, in order and unchanged, and that the end is in order. What
/// is wrong is thrown in its callbacks, and so fails the run.
class User final : public twinwire::Protocol {
 public:
  User(twinwire::Loop& loop, std::string name, const Cast& cast, Part part);

  void connection_made(twinwire::Transport transport) override;
  void data_received(twinwire::Bytes data) override;
  void pause_writing() override { paused_ = true; }
  void resume_writing() override;
  void connection_lost(twinwire::error_code error) override;

  const std::string& name() const noexcept { return name_; }
  bool is_done() const noexcept { return done_; }
  /// What it was told when it was dismissed; empty if nobody said anything.
  const std::string& last_words() const noexcept { return last_words_; }
  /// With what the connection ended.
  twinwire::error_code end() const noexcept { return end_; }

 private:
  void hear(std::string_view line);
  void hear_server(std::string_view news);
  void hear_line(const std::string& speaker, std::string_view text);
  void begin();
  void say_next();
  bool has_heard_all(const std::string& speaker) { return heard_[speaker] == cast_.lines; }
  void quit_if_all_is_said();
  std::string line(const std::string& speaker, std::size_t number) const;

  twinwire::Loop& loop_;
  const std::string name_;
  const Cast& cast_;
  const Part part_;
  twinwire::Transport transport_;
  LineBuffer lines_;
  std::set<std::string> present_;
  std::map<std::string, std::size_t> heard_;  ///< lines, by speaker
  std::size_t said_ = 0;
  twinwire::Handle next_;  ///< when the next line is said
  bool begun_ = false;
  bool paused_ = false;
  bool quit_ = false;
  bool done_ = false;
  std::string last_words_;
  twinwire::error_code end_;
};

}  // namespace chat
