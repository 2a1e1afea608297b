#include "command_parser.hpp"

#include "inline_arguments.hpp"
#include "integer.hpp"

#include <algorithm>

namespace resp {

void CommandParser::feed(twinwire::Bytes data) {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    if (buffer_.capacity() > kept_capacity) buffer_.shrink_to_fit();
  } else {
    buffer_.erase(0, begin_);
  }
  position_ -= begin_;
  scanned_ -= std::min(scanned_, begin_);
  begin_ = 0;
  buffer_ += twinwire::as_text(data);
}

CommandParser::Step CommandParser::next() {
  if (!error_.empty()) return Step::failed;
  Outcome outcome;
  while (!outcome) {
    if (bulks_missing_ == 0) {
      outcome = start();
    } else {
      outcome = bulk_length_ ? bulk_body() : bulk_header();
    }
  }
  if (*outcome == Step::need_more && buffer_.size() - begin_ > limits_.message_length_max) {
    return fail("too big request");
  }
  return *outcome;
}

CommandParser::Outcome CommandParser::start() {
  begin_ = position_;
  bulks_.clear();
  if (position_ == buffer_.size()) return Step::need_more;
  return buffer_[position_] == '*' ? multibulk_header() : inline_command();
}

/// The rest of a line behind its first character, which says what it is; nothing if it is not all there.
std::optional<std::string_view> CommandParser::length_line(const char* too_long) {
  const std::size_t cr = buffer_.find('\r', std::max(position_, scanned_));
  if (cr == std::string::npos) {
    scanned_ = buffer_.size();
    if (buffer_.size() - position_ > limits_.line_length_max) fail(too_long);
    return std::nullopt;
  }
  if (!mistakes_.lf_left_behind && cr + 1 == buffer_.size()) return std::nullopt;
  const std::string_view line = std::string_view(buffer_).substr(position_ + 1, cr - position_ - 1);
  position_ = std::min(cr + 2, buffer_.size());
  return line;
}

CommandParser::Outcome CommandParser::multibulk_header() {
  const auto line = length_line("too big mbulk count string");
  if (!line) return line_missing();
  const auto count = parse_integer(*line);
  if (!count || *count > limits_.multibulk_length_max) return fail("invalid multibulk length");
  bulks_missing_ = std::max<std::int64_t>(*count, 0);
  return std::nullopt;
}

CommandParser::Outcome CommandParser::bulk_header() {
  const std::size_t at = position_;
  const auto line = length_line("too big bulk count string");
  if (!line) return line_missing();
  if (buffer_[at] != '$') return fail(std::string("expected '$', got '") + buffer_[at] + "'");
  const auto length = parse_integer(*line);
  if (!length || *length < 0 || *length > limits_.bulk_length_max) return fail("invalid bulk length");
  bulk_length_ = static_cast<std::size_t>(*length);
  return std::nullopt;
}

CommandParser::Outcome CommandParser::bulk_body() {
  const std::size_t length = *bulk_length_;
  // As Redis, whatever stands where CR and LF belong is skipped.
  if (buffer_.size() - position_ < length + 2) return Step::need_more;
  bulks_.emplace_back(position_ - begin_, length);
  position_ += length + 2;
  bulk_length_.reset();
  if (--bulks_missing_ != 0) return std::nullopt;
  return complete();
}

CommandParser::Step CommandParser::complete() {
  arguments_.clear();
  for (const auto& [offset, length] : bulks_) {
    arguments_.push_back(std::string_view(buffer_).substr(begin_ + offset, length));
  }
  begin_ = position_;
  return Step::command;
}

CommandParser::Outcome CommandParser::inline_command() {
  const std::size_t lf = buffer_.find('\n', std::max(position_, scanned_));
  if (lf == std::string::npos) {
    scanned_ = buffer_.size();
    if (buffer_.size() - position_ > limits_.line_length_max) return fail("too big inline request");
    return Step::need_more;
  }
  std::string_view line = std::string_view(buffer_).substr(position_, lf - position_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto arguments = split_inline(line);
  if (!arguments) return fail("unbalanced quotes in request");
  begin_ = position_ = lf + 1;
  if (arguments->empty()) return std::nullopt;
  inline_arguments_ = std::move(*arguments);
  arguments_.assign(inline_arguments_.begin(), inline_arguments_.end());
  return Step::command;
}

CommandParser::Step CommandParser::fail(std::string reason) {
  error_ = "Protocol error: " + std::move(reason);
  return Step::failed;
}

}  // namespace resp
