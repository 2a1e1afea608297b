#include "reply_parser.hpp"

#include "integer.hpp"

#include <algorithm>
#include <utility>

namespace resp {
namespace {

/// Arrays within arrays: no reply of Redis comes near it.
constexpr std::size_t depth_max = 32;

}  // namespace

void ReplyParser::feed(twinwire::Bytes data) {
  if (position_ == buffer_.size()) {
    buffer_.clear();
    if (buffer_.capacity() > kept_capacity) buffer_.shrink_to_fit();
  } else {
    buffer_.erase(0, position_);
  }
  scanned_ -= std::min(scanned_, position_);
  position_ = 0;
  buffer_ += twinwire::as_text(data);
}

ReplyParser::Step ReplyParser::next() {
  if (!error_.empty()) return Step::failed;
  Outcome outcome;
  while (!outcome) outcome = bulk_length_ ? bulk_body() : value();
  if (*outcome == Step::reply) {
    used_ = 0;
  } else if (*outcome == Step::need_more &&
             used_ + body_.size() + buffer_.size() - position_ > limits_.message_length_max) {
    return fail("it is too long");
  }
  return *outcome;
}

/// The next line with its mark; nothing if it is not all there.
std::optional<std::string_view> ReplyParser::line() {
  const std::size_t lf = buffer_.find('\n', std::max(position_, scanned_));
  if (lf == std::string::npos) {
    scanned_ = buffer_.size();
    if (buffer_.size() - position_ > limits_.line_length_max) fail("a line is too long");
    return std::nullopt;
  }
  std::string_view line = std::string_view(buffer_).substr(position_, lf - position_);
  used_ += lf + 1 - position_;
  position_ = lf + 1;
  if (!line.ends_with('\r') || line.size() < 2) {
    fail("a line has no type or does not end with CR LF");
    return std::nullopt;
  }
  line.remove_suffix(1);
  return line;
}

ReplyParser::Outcome ReplyParser::value() {
  const auto whole = line();
  if (!whole) return error_.empty() ? Step::need_more : Step::failed;
  const char mark = whole->front();
  const std::string_view text = whole->substr(1);
  switch (mark) {
    case '+':
      return complete(Reply::status(std::string(text)));
    case '-':
      return complete(Reply::error(std::string(text)));
    case ':':
      if (const auto number = parse_integer(text)) return complete(Reply::number(*number));
      return fail("not an integer: '" + std::string(text) + "'");
    case '$':
    case '*':
      return counted(mark, text);
    default:
      return fail(std::string("unknown type '") + mark + "'");
  }
}

/// A bulk or an array begins, or is null.
ReplyParser::Outcome ReplyParser::counted(char mark, std::string_view text) {
  const auto count = parse_integer(text);
  const std::int64_t most = mark == '$' ? limits_.bulk_length_max : limits_.multibulk_length_max;
  if (!count || *count < -1 || *count > most) return fail("invalid length '" + std::string(text) + "'");
  if (*count == -1) return complete(Reply::null());
  if (mark == '$') {
    bulk_length_ = static_cast<std::size_t>(*count);
    return std::nullopt;
  }
  if (*count == 0) return complete(Reply::array({}));
  if (open_.size() == depth_max) return fail("arrays are nested too deeply");
  open_.push_back({Reply::array({}), static_cast<std::size_t>(*count)});
  return std::nullopt;
}

ReplyParser::Outcome ReplyParser::bulk_body() {
  const std::size_t wanted = *bulk_length_ + 2;
  const std::size_t available = buffer_.size() - position_;
  if (mistakes_.body_swallows_rest && (available < wanted || !body_.empty())) return collect_body(wanted);
  if (available < wanted) return Step::need_more;
  if (buffer_.compare(position_ + *bulk_length_, 2, "\r\n") != 0)
    return fail("a bulk does not end with CR LF");
  std::string body = buffer_.substr(position_, *bulk_length_);
  used_ += wanted;
  position_ += wanted;
  bulk_length_.reset();
  return complete(Reply::bulk(std::move(body)));
}

/// A body that does not come in one piece is collected apart, so that the buffer stays small. Only reached
/// with that mistake.
ReplyParser::Outcome ReplyParser::collect_body(std::size_t wanted) {
  body_.append(buffer_, position_);
  buffer_.clear();
  position_ = scanned_ = 0;
  if (body_.size() < wanted) return Step::need_more;
  body_.resize(*bulk_length_);
  bulk_length_.reset();
  return complete(Reply::bulk(std::exchange(body_, {})));
}

/// One value is there: an element of the innermost array, or the reply itself.
ReplyParser::Outcome ReplyParser::complete(Reply reply) {
  used_ += sizeof(Reply);
  while (!open_.empty()) {
    Open& innermost = open_.back();
    innermost.array.elements.push_back(std::move(reply));
    if (--innermost.missing != 0) return std::nullopt;
    reply = std::move(innermost.array);
    open_.pop_back();
  }
  reply_ = std::move(reply);
  return Step::reply;
}

ReplyParser::Step ReplyParser::fail(std::string reason) {
  error_ = "malformed reply: " + std::move(reason);
  return Step::failed;
}

}  // namespace resp
