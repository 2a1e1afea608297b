// What a client reads: replies, in any cutting.
#pragma once

#include "limits.hpp"
#include "mistakes.hpp"
#include "reply.hpp"

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

/// A push parser: feed it whatever has arrived, then call `next` until it says need_more.
class ReplyParser {
 public:
  enum class Step : std::uint8_t {
    need_more,  ///< no complete reply: feed more
    reply,      ///< `take_reply` has one
    failed,     ///< `error` says why; the stream cannot be read on
  };

  explicit ReplyParser(const ParserLimits& limits = {}, const Mistakes& mistakes = {})
      : limits_(limits), mistakes_(mistakes) {}

  void feed(twinwire::Bytes data);
  Step next();

  Reply take_reply() { return std::move(reply_); }
  const std::string& error() const noexcept { return error_; }

 private:
  using Outcome = std::optional<Step>;

  /// An array of which elements are missing.
  struct Open {
    Reply array;
    std::size_t missing;
  };

  Outcome value();
  Outcome counted(char mark, std::string_view line);
  Outcome bulk_body();
  Outcome collect_body(std::size_t wanted);
  Outcome complete(Reply reply);
  std::optional<std::string_view> line();
  Step fail(std::string reason);

  ParserLimits limits_;
  Mistakes mistakes_;
  std::string buffer_;
  std::size_t position_ = 0;  ///< of the first byte that was not used yet
  std::size_t scanned_ = 0;   ///< no line ends between position_ and here
  std::size_t used_ = 0;  ///< by what is there of the reply: the bytes in front of position_, and its values
  std::optional<std::size_t> bulk_length_;
  std::string body_;
  std::vector<Open> open_;
  Reply reply_;
  std::string error_;
};

}  // namespace resp
