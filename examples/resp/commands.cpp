#include "commands.hpp"

#include "command_table.hpp"
#include "reply.hpp"

namespace resp {
namespace {

/// As much of a name, and of all arguments together, as an error shows.
constexpr std::size_t arguments_shown_max = 128;

void unknown_command(const Call& call) {
  std::string arguments;
  for (const std::string_view argument : call.arguments.subspan(1)) {
    if (arguments.size() >= arguments_shown_max) break;
    arguments += '\'';
    arguments += argument.substr(0, arguments_shown_max - arguments.size() + 1);
    arguments += "' ";
  }
  put_error(call.out, "ERR unknown command '" +
                          std::string(call.arguments[0].substr(0, arguments_shown_max)) +
                          "', with args beginning with: " + arguments);
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

void help(const Call& call, const Command& container) {
  put_array(call.out, container.subcommands.size() + 1);
  put_status(call.out, upper(container.name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Command& subcommand : container.subcommands) put_status(call.out, upper(subcommand.name));
}

bool arity_fits(const Call& call, const Command& command) {
  const auto count = static_cast<int>(call.arguments.size());
  return command.arity >= 0 ? count == command.arity : count >= -command.arity;
}

void run(const Call& call, const Command& command, const std::string& full_name) {
  if (!arity_fits(call, command)) {
    put_error(call.out, "ERR wrong number of arguments for '" + full_name + "' command");
  } else {
    command.run(call);
  }
}

/// CONFIG GET and its like. A container without an own function needs a subcommand.
void run_container(const Call& call, const Command& container) {
  const std::string name(container.name);
  if (call.arguments.size() < 2) return run(call, container, name);
  const std::string_view wanted = call.arguments[1];
  if (const Command* subcommand = find_command(container.subcommands, wanted)) {
    run(call, *subcommand, name + "|" + std::string(subcommand->name));
  } else if (upper(wanted) == "HELP") {
    help(call, container);
  } else {
    put_error(call.out, "ERR unknown subcommand '" + std::string(wanted.substr(0, arguments_shown_max)) +
                            "'. Try " + upper(container.name) + " HELP.");
  }
}

}  // namespace

void Commands::advance(Store::Milliseconds now) {
  for (Store& store : databases_) store.advance(now);
}

void Commands::execute(std::span<const std::string_view> arguments, ClientState& client, std::string& out) {
  const Call call{arguments, client, databases_, settings_, out};
  const Command* command = find_command(all_commands(), arguments[0]);
  if (!command) {
    unknown_command(call);
  } else if (!command->subcommands.empty()) {
    run_container(call, *command);
  } else if (!arity_fits(call, *command)) {
    run(call, *command, std::string(command->name));
  } else {
    command->run(call);
  }
}

}  // namespace resp
