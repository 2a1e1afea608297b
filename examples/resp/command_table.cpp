#include "command_table.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace resp {
namespace {

namespace h = handlers;

constexpr Command client_subcommands[] = {
    {"getname", 2, h::client_get_name},
    {"id", 2, h::client_id},
    {"info", 2, h::client_info},
    {"setname", 3, h::client_set_name},
};

constexpr Command command_subcommands[] = {
    {"count", 2, h::command_count},
    {"docs", -2, h::command_docs},
    {"info", -2, h::command_info},
    {"list", 2, h::command_list},
};

constexpr Command config_subcommands[] = {
    {"get", -3, h::config_get},
};

constexpr Command commands[] = {
    {"client", -2, nullptr, client_subcommands, "connection", "2.4.0", "A container for connection commands"},
    {"command", -1, h::command, command_subcommands, "server", "2.8.13", "Get array of command details"},
    {"config", -2, nullptr, config_subcommands, "server", "2.0.0", "A container for configuration commands"},
    {"dbsize", 1, h::dbsize, {}, "server", "1.0.0", "Return the number of keys in the selected database"},
    {"decr",
     2,
     h::decrement,
     {},
     "string",
     "1.0.0",
     "Decrement the integer value of a key by one",
     true,
     1,
     1},
    {"decrby",
     3,
     h::decrement_by,
     {},
     "string",
     "1.0.0",
     "Decrement the integer value of a key by the given number",
     true,
     1,
     1},
    {"del", -2, h::del, {}, "generic", "1.0.0", "Delete a key", true, 1, -1},
    {"echo", 2, h::echo, {}, "connection", "1.0.0", "Echo the given string"},
    {"exists", -2, h::exists, {}, "generic", "1.0.0", "Determine if a key exists", false, 1, -1},
    {"expire", -3, h::expire, {}, "generic", "1.0.0", "Set a key's time to live in seconds", true, 1, 1},
    {"flushall", -1, h::flush_all, {}, "server", "1.0.0", "Remove all keys from all databases", true},
    {"flushdb", -1, h::flush, {}, "server", "1.0.0", "Remove all keys from the current database", true},
    {"get", 2, h::get, {}, "string", "1.0.0", "Get the value of a key", false, 1, 1},
    {"hello", -1, h::hello, {}, "connection", "6.0.0", "Handshake with Redis"},
    {"incr",
     2,
     h::increment,
     {},
     "string",
     "1.0.0",
     "Increment the integer value of a key by one",
     true,
     1,
     1},
    {"incrby",
     3,
     h::increment_by,
     {},
     "string",
     "1.0.0",
     "Increment the integer value of a key by the given amount",
     true,
     1,
     1},
    {"persist", 2, h::persist, {}, "generic", "2.2.0", "Remove the expiration from a key", true, 1, 1},
    {"pexpire",
     -3,
     h::pexpire,
     {},
     "generic",
     "2.6.0",
     "Set a key's time to live in milliseconds",
     true,
     1,
     1},
    {"ping", -1, h::ping, {}, "connection", "1.0.0", "Ping the server"},
    {"pttl",
     2,
     h::pttl,
     {},
     "generic",
     "2.6.0",
     "Get the time to live for a key in milliseconds",
     false,
     1,
     1},
    {"quit", -1, h::quit, {}, "connection", "1.0.0", "Close the connection"},
    {"select",
     2,
     h::select,
     {},
     "connection",
     "1.0.0",
     "Change the selected database for the current connection"},
    {"set", -3, h::set, {}, "string", "1.0.0", "Set the string value of a key", true, 1, 1},
    {"ttl", 2, h::ttl, {}, "generic", "1.0.0", "Get the time to live for a key in seconds", false, 1, 1},
};

constexpr bool by_name(const Command& a, const Command& b) {
  return a.name < b.name;
}
static_assert(std::is_sorted(std::begin(commands), std::end(commands), by_name));

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// As a.compare(b) would say, with `b` taken as lower case.
int compare_lower(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (const int difference = a[i] - lower(b[i]); difference != 0) return difference;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

}  // namespace

std::span<const Command> all_commands() {
  return commands;
}

const Command* find_command(std::span<const Command> among, std::string_view name) {
  const auto found =
      std::lower_bound(among.begin(), among.end(), name, [](const Command& command, std::string_view wanted) {
        return compare_lower(command.name, wanted) < 0;
      });
  if (found == among.end() || compare_lower(found->name, name) != 0) return nullptr;
  return &*found;
}

}  // namespace resp
