// What a server reads: commands, as arrays of bulks or as inline text, in any cutting.
#pragma once

#include "limits.hpp"
#include "mistakes.hpp"

#include <twinwire/net/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resp {

/// A push parser: feed it whatever has arrived, then call `next` until it says need_more. It never looks at
/// a byte twice, however the stream is cut.
///
///     *2 CRLF $3 CRLF GET CRLF $1 CRLF k CRLF        the usual form
///     GET "k" CRLF                                   inline, for people with telnet
class CommandParser {
 public:
  enum class Step : std::uint8_t {
    need_more,  ///< no complete command: feed more
    command,    ///< `arguments` has one, valid until the next call to `feed` or `next`
    failed,     ///< `error` says why; the stream cannot be read on
  };

  explicit CommandParser(const ParserLimits& limits = {}, const Mistakes& mistakes = {})
      : limits_(limits), mistakes_(mistakes) {}

  void feed(twinwire::Bytes data);
  Step next();

  /// At least one.
  std::span<const std::string_view> arguments() const noexcept { return arguments_; }
  /// "Protocol error: ...", in the words of Redis.
  const std::string& error() const noexcept { return error_; }

 private:
  /// Nothing: this step is done, take the next one.
  using Outcome = std::optional<Step>;

  Outcome start();
  Outcome multibulk_header();
  Outcome bulk_header();
  Outcome bulk_body();
  Outcome inline_command();
  std::optional<std::string_view> length_line(const char* too_long);
  Step line_missing() const noexcept { return error_.empty() ? Step::need_more : Step::failed; }
  Step fail(std::string reason);
  Step complete();

  ParserLimits limits_;
  Mistakes mistakes_;
  std::string buffer_;
  std::size_t begin_ = 0;     ///< of the command that is being read, in buffer_
  std::size_t position_ = 0;  ///< of the first byte that was not used yet
  std::size_t scanned_ = 0;   ///< no line ends between position_ and here
  std::int64_t bulks_missing_ = 0;
  std::optional<std::size_t> bulk_length_;
  std::vector<std::pair<std::size_t, std::size_t>> bulks_;  ///< offset from begin_, and length
  std::vector<std::string> inline_arguments_;
  std::vector<std::string_view> arguments_;
  std::string error_;
};

}  // namespace resp
