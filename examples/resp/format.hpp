// Replies for people and for scripts, as redis-cli prints them.
#pragma once

#include "reply.hpp"

#include <string>

namespace resp {

/// For a terminal: every type can be told, and nothing unprintable is in it. Ends with a line end.
///
///     (integer) 7        "a\nb"        (nil)        1) "first"
std::string format_reply(const Reply& reply);

/// For scripts: the bare text, elements on lines of their own. Ends with a line end.
std::string format_reply_raw(const Reply& reply);

}  // namespace resp
