// COMMAND: what a server tells about its commands. redis-cli asks for it, to complete and to help.
#include "command_table.hpp"
#include "reply.hpp"

#include <optional>

namespace resp::handlers {
namespace {

/// As many as one COMMAND INFO or DOCS may name, each any number of times: a reply has a limit, too.
constexpr std::size_t names_max = 1024;

/// Those that are asked for; nothing, and an error, if they are too many.
std::optional<std::span<const std::string_view>> names_of(const Call& call) {
  const auto names = call.arguments.subspan(2);
  if (names.size() <= names_max) return names;
  put_error(call.out, "ERR too many commands are asked for");
  return std::nullopt;
}

/// As Redis 7: name, arity, flags, keys, categories, tips, key specifications, subcommands.
void put_details(std::string& out, const Command& command, const std::string& prefix = {}) {
  const std::string name = prefix + std::string(command.name);
  put_array(out, 10);
  put_bulk(out, name);
  put_integer(out, command.arity);
  put_array(out, 1);
  put_status(out, command.writes ? "write" : command.first_key != 0 ? "readonly" : "fast");
  put_integer(out, command.first_key);
  put_integer(out, command.last_key);
  put_integer(out, command.first_key != 0 ? 1 : 0);
  put_array(out, 0);
  put_array(out, 0);
  put_array(out, 0);
  put_array(out, command.subcommands.size());
  for (const Command& subcommand : command.subcommands) put_details(out, subcommand, name + "|");
}

void put_docs(std::string& out, const Command& command) {
  put_bulk(out, command.name);
  put_array(out, 6);
  put_bulk(out, "summary");
  put_bulk(out, command.summary);
  put_bulk(out, "since");
  put_bulk(out, command.since);
  put_bulk(out, "group");
  put_bulk(out, command.group);
}

void put_all_details(const Call& call) {
  put_array(call.out, all_commands().size());
  for (const Command& command : all_commands()) put_details(call.out, command);
}

}  // namespace

void command(const Call& call) {
  put_all_details(call);
}

void command_count(const Call& call) {
  put_integer(call.out, static_cast<std::int64_t>(all_commands().size()));
}

void command_info(const Call& call) {
  const auto names = names_of(call);
  if (!names) return;
  if (names->empty()) return put_all_details(call);
  put_array(call.out, names->size());
  for (const std::string_view name : *names) {
    if (const Command* found = find_command(all_commands(), name)) {
      put_details(call.out, *found);
    } else {
      put_null(call.out);
    }
  }
}

void command_docs(const Call& call) {
  const auto names = names_of(call);
  if (!names) return;
  std::size_t count = 0;
  std::string docs;
  const auto add = [&](const Command& command) {
    put_docs(docs, command);
    count += 2;
  };
  if (names->empty()) {
    for (const Command& command : all_commands()) add(command);
  }
  for (const std::string_view name : *names) {
    if (const Command* found = find_command(all_commands(), name)) add(*found);
  }
  put_array(call.out, count);
  call.out += docs;
}

void command_list(const Call& call) {
  put_array(call.out, all_commands().size());
  for (const Command& command : all_commands()) put_bulk(call.out, command.name);
}

}  // namespace resp::handlers
