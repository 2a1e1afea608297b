#include "user.hpp"

#include <twinwire/net/choices.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace chat {
namespace {

using twinwire::Purpose;

constexpr Purpose pause_purpose{"pause", "{entity}: waited {outcome} ms before line {ordinal}"};
constexpr Purpose length_purpose{"length", "{entity}: line {ordinal} was longer by {outcome}"};
constexpr std::uint64_t pause_ms_max = 40;
constexpr std::uint64_t length_more_max = 150;
constexpr std::size_t length_min = 250;
/// The server adds the speaker's name, and makes lists of names.
constexpr std::size_t line_length_max = 1024;

/// Splits at the first of these separators; the second part is empty if there is none.
std::pair<std::string, std::string_view> split(std::string_view text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  if (at == text.npos) return {std::string(text), {}};
  return {std::string(text.substr(0, at)), text.substr(at + separator.size())};
}

}  // namespace

User::User(twinwire::Loop& loop, std::string name, const Cast& cast, Part part)
    : loop_(loop), name_(std::move(name)), cast_(cast), part_(part), lines_(line_length_max) {}

void User::connection_made(twinwire::Transport transport) {
  transport_ = std::move(transport);
  transport_.write(name_ + '\n');
}

void User::data_received(twinwire::Bytes data) {
  lines_.feed(data);
  while (const auto line = lines_.next()) hear(*line);
}

void User::hear(std::string_view line) {
  const auto [speaker, text] = split(line, ": ");
  if (line.starts_with("* ")) {
    hear_server(line.substr(2));
  } else if (cast_.talkers.contains(speaker) && speaker != name_) {
    hear_line(speaker, text);
  } else {
    throw std::logic_error(name_ + " heard this: " + std::string(line));
  }
}

void User::hear_server(std::string_view news) {
  const auto [first, rest] = split(news, " ");
  if (first == "goodbye:") {
    last_words_ = rest;
  } else if (first == "here:") {
    for (auto [name, others] = split(rest, ", "); !name.empty();) {
      present_.insert(name);
      std::tie(name, others) = split(others, ", ");
    }
  } else if (rest == "joined") {
    present_.insert(first);
  } else if (rest.starts_with("left: ") && cast_.talkers.contains(first)) {
    if (!has_heard_all(first)) throw std::logic_error(name_ + " did not hear all lines of " + first);
    if (rest != "left: quit") throw std::logic_error(first + " " + std::string(rest));
  }
  if (present_.size() + 1 == cast_.talkers.size() + cast_.sleepers.size() && !std::exchange(begun_, true))
    begin();
}

void User::begin() {
  if (part_.talks) return say_next();
  transport_.pause_reading();
  loop_.call_later(part_.sleeps, [this] { transport_.resume_reading(); });
}

void User::hear_line(const std::string& speaker, std::string_view text) {
  const std::size_t number = heard_[speaker];
  if (number == cast_.lines || text != line(speaker, number))
    throw std::logic_error(name_ + " heard of " + speaker + ": " + std::string(text) + " instead of line " +
                           std::to_string(number));
  ++heard_[speaker];
  quit_if_all_is_said();
}

void User::say_next() {
  if (paused_ || said_ == cast_.lines) return;
  transport_.write(line(name_, said_) + '\n');
  ++said_;
  quit_if_all_is_said();
  const auto site = loop_.choices().site(name_, pause_purpose);
  const auto pause = std::chrono::milliseconds(loop_.choices().draw(site, said_, pause_ms_max));
  next_.cancel();  // after a pause there may be one already
  next_ = loop_.call_later(pause, [this] { say_next(); });
}

void User::resume_writing() {
  paused_ = false;
  if (part_.talks) say_next();
}

void User::quit_if_all_is_said() {
  const bool heard = std::ranges::all_of(cast_.talkers, [this](const std::string& speaker) {
    return speaker == name_ || has_heard_all(speaker);
  });
  if (part_.talks && heard && said_ == cast_.lines && !std::exchange(quit_, true))
    transport_.write("/quit\n");
}

void User::connection_lost(twinwire::error_code error) {
  done_ = true;
  end_ = error;
}

/// Both who says it and who hears it know it: a choice has the same outcome for all who ask.
std::string User::line(const std::string& speaker, std::size_t number) const {
  const auto site = loop_.choices().site(speaker, length_purpose);
  const std::size_t length = length_min + loop_.choices().draw(site, number, length_more_max);
  return std::to_string(number) + ' ' + std::string(length, static_cast<char>('a' + number % 26));
}

}  // namespace chat
