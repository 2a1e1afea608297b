// Well-known network mistakes, each of which can be switched back in, to see that the search finds it.
//
// All of them pass unit tests with whole messages and a calm run. None is reachable with every flag false.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace resp {

/// Which mistakes are in. None by default.
struct Mistakes {
  /// Server, command parser: a length line is taken as complete when its CR is there.
  bool lf_left_behind = false;
  /// Client, reply parser: a body that came in several reads takes what followed it in the last one along.
  bool body_swallows_rest = false;
  /// Server: goes on reading while it may not write, and so sees the end of the stream, and closes, before
  /// it has answered everything.
  bool closes_while_paused = false;
  /// Client: after a timeout it leaves the old connection half open, and takes what still comes from there
  /// for the answer to the request that is first in line now.
  bool late_reply_taken = false;
  /// Client: sends any request again whose reply was lost, also one that must not be executed twice.
  bool retries_everything = false;
};

/// A mistake as the command line knows it.
struct NamedMistake {
  std::string_view name;
  std::string_view sentence;
  bool Mistakes::* flag;
};

inline constexpr std::array<NamedMistake, 5> all_mistakes{{
    {"lf-left-behind", "the server misreads a length line that is cut between CR and LF",
     &Mistakes::lf_left_behind},
    {"body-swallows-rest", "the client drops what follows a bulk body that spans reads",
     &Mistakes::body_swallows_rest},
    {"closes-while-paused", "the server drops replies when the peer ends while the write buffer is full",
     &Mistakes::closes_while_paused},
    {"late-reply-taken", "the reconnecting client takes a late reply for the answer to another request",
     &Mistakes::late_reply_taken},
    {"retries-everything", "the client repeats an INCR whose reply was lost, and it counts twice",
     &Mistakes::retries_everything},
}};

/// The mistakes with one switched in; nothing if there is none of that name.
inline std::optional<Mistakes> only_mistake(std::string_view name) {
  for (const NamedMistake& mistake : all_mistakes) {
    if (mistake.name != name) continue;
    Mistakes mistakes;
    mistakes.*mistake.flag = true;
    return mistakes;
  }
  return std::nullopt;
}

}  // namespace resp
