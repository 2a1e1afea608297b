// Which commands there are, and what is known about each.
#pragma once

#include "commands.hpp"

#include <span>
#include <string_view>

namespace resp {

/// One command, or one subcommand of a container such as CONFIG.
struct Command {
  std::string_view name;  ///< in lower case
  /// How many arguments, the name included; -n: at least n.
  int arity;
  void (*run)(const Call&);
  std::span<const Command> subcommands = {};
  // What COMMAND and COMMAND DOCS tell.
  std::string_view group = {};
  std::string_view since = {};
  std::string_view summary = {};
  bool writes = false;
  /// Where the keys are among the arguments: from the first to the last (-1: to the end); 0: none.
  int first_key = 0;
  int last_key = 0;
};

/// All commands, in the order of their names.
std::span<const Command> all_commands();

/// The one of that name, in any case; null if there is none.
const Command* find_command(std::span<const Command> commands, std::string_view name);

// The commands, by the file that has them.
namespace handlers {
void get(const Call&);
void set(const Call&);
void increment(const Call&);
void decrement(const Call&);
void increment_by(const Call&);
void decrement_by(const Call&);

void del(const Call&);
void exists(const Call&);
void expire(const Call&);
void pexpire(const Call&);
void ttl(const Call&);
void pttl(const Call&);
void persist(const Call&);
void dbsize(const Call&);
void flush(const Call&);
void flush_all(const Call&);

void ping(const Call&);
void echo(const Call&);
void select(const Call&);
void quit(const Call&);
void hello(const Call&);
void client_id(const Call&);
void client_info(const Call&);
void client_get_name(const Call&);
void client_set_name(const Call&);
void config_get(const Call&);

void command(const Call&);
void command_count(const Call&);
void command_docs(const Call&);
void command_info(const Call&);
void command_list(const Call&);
}  // namespace handlers

}  // namespace resp
