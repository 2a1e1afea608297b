// The shell of simulated hosts.
#pragma once

#include <twinwire/net/async.hpp>

namespace twinwire::sim {

class Process;

/// `sh -c COMMAND`, for as much of the language of POSIX's shell as command lines in tests need: words with
/// quotes and backslashes, variables ($NAME, ${NAME}, $?, $$), assignments, pipelines, `;`, `&&`, `||`, `!`,
/// redirections of whole streams (2>&1, >&2, </dev/null, >/dev/null, 2>/dev/null), comments, and the builtins
/// `:`, `cd`, `echo`, `exec` (also for redirections alone, of what follows), `exit`, `export`, `false`,
/// `pwd`, `true`. What a variable holds is one word. A part of a pipeline without a word passes the end on.
/// Everything else (loops, functions, globs, background jobs) is a syntax error, with exit status 2.
/// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html
awaitable<int> run_shell(Process& process);

}  // namespace twinwire::sim
