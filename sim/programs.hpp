// The programs that simulated hosts can run.
#pragma once

#include <twinwire/net/async.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace twinwire::sim {

class Process;

/// What a program does: a coroutine on the loop of its process, which lives longer. What it returns is the
/// exit status, of which the low 8 bits count, once what it has written has gone into its pipes. A broken
/// pipe that escapes from it, or is met then, is death by SIGPIPE; any other exception fails the run.
///
///     world.programs().add("upper", [](Process& process) -> awaitable<int> {
///       const std::string text = co_await process.in().read_all();
///       process.out().write(to_upper(text));
///       co_return 0;
///     });
using Program = std::function<awaitable<int>(Process&)>;

/// By name, for all hosts of a world. "sh" is there from the beginning: see shell.hpp.
class Programs {
 public:
  Programs();

  /// Replaces the one that has this name, which runs on where it runs.
  void add(const std::string& name, Program program);
  /// The program with this name or, if that is a path, with its last part where the folder is one of
  /// programs: /bin, /usr/bin, /usr/local/bin. Null if there is none.
  const Program* find(std::string_view path) const;

 private:
  std::map<std::string, Program, std::less<>> programs_;
};

}  // namespace twinwire::sim
