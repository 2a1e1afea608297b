// Commands as people type them: words, quoted where they need it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

/// The words of a line, by the rules of Redis: "..." knows \n \r \t \b \a \xHH \\ \", '...' knows \'. A
/// closing quote ends its word. Nothing if quotes do not match.
std::optional<std::vector<std::string>> split_inline(std::string_view line);

}  // namespace resp
