// What concerns the connection and the server, and not the data.
#include "command_table.hpp"
#include "integer.hpp"
#include "options.hpp"
#include "reply.hpp"

#include <algorithm>
#include <array>

namespace resp::handlers {
namespace {

/// The version of Redis that this behaves like.
constexpr std::string_view version = "7.0.15";

bool is_client_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}

constexpr std::string_view bad_client_name =
    "ERR Client names cannot contain spaces, newlines or special characters.";

/// What `text` is matched with: * is anything, ? one character.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || is_option(pattern.substr(p, 1), text.substr(t, 1)))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

void put_hello(const Call& call) {
  put_array(call.out, 14);
  put_bulk(call.out, "server");
  put_bulk(call.out, "redis");
  put_bulk(call.out, "version");
  put_bulk(call.out, version);
  put_bulk(call.out, "proto");
  put_integer(call.out, 2);
  put_bulk(call.out, "id");
  put_integer(call.out, call.client.id);
  put_bulk(call.out, "mode");
  put_bulk(call.out, "standalone");
  put_bulk(call.out, "role");
  put_bulk(call.out, "master");
  put_bulk(call.out, "modules");
  put_array(call.out, 0);
}

}  // namespace

void ping(const Call& call) {
  if (call.arguments.size() > 2) {
    put_error(call.out, "ERR wrong number of arguments for 'ping' command");
  } else if (call.arguments.size() == 2) {
    put_bulk(call.out, call.arguments[1]);
  } else {
    put_status(call.out, "PONG");
  }
}

void echo(const Call& call) {
  put_bulk(call.out, call.arguments[1]);
}

void select(const Call& call) {
  const auto index = parse_integer(call.arguments[1]);
  if (!index) return put_error(call.out, not_an_integer);
  if (*index < 0 || *index >= static_cast<std::int64_t>(call.databases.size())) {
    return put_error(call.out, "ERR DB index is out of range");
  }
  call.client.database = static_cast<std::size_t>(*index);
  put_status(call.out, "OK");
}

void quit(const Call& call) {
  call.client.quit = true;
  put_status(call.out, "OK");
}

void hello(const Call& call) {
  const auto words = call.arguments.subspan(1);
  if (!words.empty()) {
    const auto protocol = parse_integer(words[0]);
    if (!protocol) return put_error(call.out, "ERR Protocol version is not an integer or out of range");
    if (*protocol != 2) return put_error(call.out, "NOPROTO unsupported protocol version");
  }
  std::optional<std::string_view> name;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t left = words.size() - i - 1;
    if (is_option(words[i], "auth") && left >= 2) {
      // There is one user, "default", whose password is not asked for.
      if (words[i + 1] != "default") {
        return put_error(call.out, "WRONGPASS invalid username-password pair or user is disabled.");
      }
      i += 2;
    } else if (is_option(words[i], "setname") && left >= 1) {
      name = words[++i];
      if (!is_client_name(*name)) return put_error(call.out, bad_client_name);
    } else {
      return put_error(call.out, "ERR Syntax error in HELLO option '" + std::string(words[i]) + "'");
    }
  }
  if (name) call.client.name = *name;
  put_hello(call);
}

void client_id(const Call& call) {
  put_integer(call.out, call.client.id);
}

void client_info(const Call& call) {
  const ClientState& client = call.client;
  put_bulk(call.out, "id=" + std::to_string(client.id) + " addr=" + client.address + " name=" + client.name +
                         " db=" + std::to_string(client.database) + " resp=2\n");
}

void client_get_name(const Call& call) {
  if (call.client.name.empty()) return put_null(call.out);
  put_bulk(call.out, call.client.name);
}

void client_set_name(const Call& call) {
  if (!is_client_name(call.arguments[2])) return put_error(call.out, bad_client_name);
  call.client.name = call.arguments[2];
  put_status(call.out, "OK");
}

void config_get(const Call& call) {
  const std::array<std::pair<std::string_view, std::string>, 5> parameters{{
      {"appendonly", "no"},
      {"databases", std::to_string(call.databases.size())},
      {"maxclients", std::to_string(call.settings.clients_max)},
      {"proto-max-bulk-len", std::to_string(call.settings.bulk_length_max)},
      {"save", ""},
  }};
  std::size_t count = 0;
  std::string found;
  for (const auto& [name, value] : parameters) {
    const auto wanted = [name = name](std::string_view pattern) { return matches(pattern, name); };
    if (std::ranges::none_of(call.arguments.subspan(2), wanted)) continue;
    put_bulk(found, name);
    put_bulk(found, value);
    count += 2;
  }
  put_array(call.out, count);
  call.out += found;
}

}  // namespace resp::handlers
