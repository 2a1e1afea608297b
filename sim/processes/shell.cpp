#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/wait_operation.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/processes/shell.hpp>
#include <twinwire/sim/processes/shell_syntax.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

namespace twinwire::sim {
namespace {

using shell::Command;
using shell::Pipeline;
using shell::Step;
using shell::Target;
using shell::Word;

constexpr int not_found = 127;
constexpr int misuse = 2;

/// A child whose end can be awaited.
class Child final : public SubprocessProtocol {
 public:
  explicit Child(Loop& loop) : loop_(loop) {}

  void connection_made(SubprocessTransport transport) override { transport_ = std::move(transport); }
  void process_exited() override {
    status_ = transport_.get_returncode();
    if (waiting_) waiting_->complete();
  }

  /// As the shell has it: that a signal ended it is 128 and its number.
  awaitable<int> wait() {
    if (!status_) {
      co_await detail::initiate_checked<void>(loop_, use_awaitable, [this](VoidCompletion done) {
        waiting_ = detail::make_ref<detail::WaitOperation>(loop_, std::move(done), "wait for a child");
        return Operation(waiting_);
      });
    }
    co_return *status_ < 0 ? 128 - *status_ : *status_;
  }

 private:
  Loop& loop_;
  SubprocessTransport transport_;
  std::optional<int> status_;
  detail::Ref<detail::WaitOperation> waiting_;
};

/// In single quotes, for another shell.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

class Shell {
 public:
  explicit Shell(Process& process)
      : process_(process), variables_(process.environment()), exported_(process.environment()) {}

  awaitable<int> run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (step.when == Step::When::success && status_ != 0) continue;
      if (step.when == Step::When::failure && status_ == 0) continue;
      awaitable<void> running = run_pipeline(step.pipeline);
      co_await std::move(running);
      if (step.pipeline.negated) status_ = status_ == 0 ? 1 : 0;
      if (exiting_) break;
    }
    co_return status_;
  }

 private:
  using Words = std::vector<std::string>;

  awaitable<void> run_pipeline(const Pipeline& pipeline) {
    if (pipeline.commands.size() == 1) {
      awaitable<void> running = run_command(pipeline.commands.front());
      co_await std::move(running);
      co_return;
    }
    std::vector<std::shared_ptr<Child>> children;
    int status_without_child = not_found;
    NativeHandle from_previous;
    for (const Command& command : pipeline.commands) {
      const bool last = &command == &pipeline.commands.back();
      const PipeEnds pipe = last ? PipeEnds{} : process_.loop().make_pipe();
      const Redirect in = from_previous ? Redirect::handle(from_previous) : own_input();
      const Redirect out = last ? own_output(Target::out) : Redirect::handle(pipe.writing);
      Words words = expand(command.words);
      if (is_exec(words)) words.erase(words.begin());  // each of them runs in a process of its own anyhow
      if (is_builtin(words)) words = in_subshell(words);
      if (words.empty()) {
        // Nothing runs between the two pipes, of which both are closed: the next one sees the end.
        children.push_back(nullptr);
        status_without_child = 0;
      } else {
        awaitable<std::shared_ptr<Child>> starting = start(command, std::move(words), in, out);
        children.push_back(co_await std::move(starting));
        status_without_child = not_found;
      }
      if (from_previous) process_.loop().close_handle(from_previous);
      if (!last) process_.loop().close_handle(pipe.writing);
      from_previous = pipe.reading;
    }
    for (const auto& child : children) {
      if (!child) continue;
      awaitable<int> waiting = child->wait();
      status_ = co_await std::move(waiting);
    }
    if (!children.back()) status_ = status_without_child;
  }

  awaitable<void> run_command(const Command& command) {
    Words words = expand(command.words);
    if (words.empty()) {
      for (const auto& [name, value] : command.assignments) assign(name, expand(value));
      status_ = 0;
      co_return;
    }
    if (is_builtin(words)) {
      awaitable<void> running = run_builtin(command, words);
      co_await std::move(running);
      co_return;
    }
    if (is_exec(words)) {
      words.erase(words.begin());
      if (words.empty()) {
        for (const auto& [name, value] : command.assignments) assign(name, expand(value));
        redirect_self(command);
        status_ = 0;
        co_return;
      }
      exiting_ = true;
    }
    awaitable<std::shared_ptr<Child>> starting =
        start(command, std::move(words), own_input(), own_output(Target::out));
    const std::shared_ptr<Child> child = co_await std::move(starting);
    status_ = not_found;
    if (!child) co_return;
    awaitable<int> waiting = child->wait();
    status_ = co_await std::move(waiting);
  }

  static bool is_builtin(const Words& words) {
    constexpr std::array names{":", "cd", "echo", "exit", "export", "false", "pwd", "true"};
    return !words.empty() && std::ranges::find(names, words.front()) != names.end();
  }

  static bool is_exec(const Words& words) { return !words.empty() && words.front() == "exec"; }

  static Words in_subshell(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += quoted(word) + " ";
    return {"/bin/sh", "-c", std::move(text)};
  }

  awaitable<void> run_builtin(const Command& command, const Words& words) {
    const std::string& name = words.front();
    status_ = name == "false" ? 1 : 0;
    if (name == "echo" || name == "pwd") {
      awaitable<void> printing = print(command.out, name == "pwd" ? directory_or_own() + "\n" : echo(words));
      co_await std::move(printing);
    } else if (name == "exit") {
      exiting_ = true;
      if (words.size() > 1 && !parse_status(words[1])) {
        awaitable<void> complaining = complain("exit: Illegal number: " + words[1]);
        co_await std::move(complaining);
        status_ = misuse;
      }
    } else if (name == "export") {
      for (std::size_t i = 1; i < words.size(); ++i) export_variable(words[i]);
    } else if (name == "cd" && words.size() > 1) {
      directory_ = words[1];
    }
  }

  bool parse_status(const std::string& text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status_);
    return error == std::errc() && end == text.data() + text.size() && status_ >= 0;
  }

  static std::string echo(const Words& words) {
    const bool no_newline = words.size() > 1 && words[1] == "-n";
    std::string text;
    for (std::size_t i = no_newline ? 2 : 1; i < words.size(); ++i) {
      if (i > (no_newline ? 2U : 1U)) text += ' ';
      text += words[i];
    }
    return no_newline ? text : text + "\n";
  }

  // --- the shell's own streams, which exec redirects ---

  /// Where a command's stream goes to, in terms of the process.
  Target resolve(Target target) const {
    return target == Target::out ? out_ : target == Target::err ? err_ : Target::null;
  }

  /// As the shell itself has them.
  Redirect own_input() const { return null_input_ ? Redirect::null() : Redirect::inherit(); }
  Redirect own_output(Target target) const {
    const Target resolved = resolve(target);
    return resolved == Target::null ? Redirect::null() : Redirect::handle({resolved == Target::out ? 1 : 2});
  }

  /// From now on the shell, and what it starts, has the streams of this command.
  void redirect_self(const Command& command) {
    const Target out = resolve(command.out);
    const Target err = resolve(command.err);
    for (const Target used : {Target::out, Target::err}) {
      const bool was_used = out_ == used || err_ == used;
      if (was_used && out != used && err != used) process_.close_stream(used == Target::out ? 1 : 2);
    }
    out_ = out;
    err_ = err;
    if (!command.null_input || null_input_) return;
    null_input_ = true;
    process_.close_stream(0);
  }

  awaitable<void> print(Target target, std::string text) {
    const Target resolved = resolve(target);
    if (resolved == Target::null) co_return;
    const StreamWriter writer = resolved == Target::err ? process_.err() : process_.out();
    writer.write(text);
    co_await writer.drain();
  }

  awaitable<void> complain(std::string text, Target err = Target::err) {
    return print(err, "sh: 1: " + std::move(text) + "\n");
  }

  /// `out` is where the command's stdout goes to, before its redirections. Null if there is no such program,
  /// which was told.
  awaitable<std::shared_ptr<Child>> start(const Command& command, Words words, Redirect in, Redirect out) {
    SubprocessOptions options;
    options.program = words.front();
    options.arguments.assign(words.begin() + 1, words.end());
    options.env = exported_;
    for (const auto& [name, value] : command.assignments) (*options.env)[name] = expand(value);
    options.cwd = directory_;
    options.stdin_stream = command.null_input ? Redirect::null() : in;
    options.stdout_stream = command.out == Target::out ? out : own_output(command.out);
    options.stderr_stream = command.err == Target::out ? out : own_output(command.err);
    const auto child = std::make_shared<Child>(process_.loop());
    SubprocessProtocolFactory factory = [child] { return child; };
    std::exception_ptr failure;
    try {
      co_await subprocess_exec(process_.loop(), std::move(factory), std::move(options));
    } catch (const OperationError& error) {
      if (error.code() != errc::no_such_file_or_directory) throw;
      failure = std::current_exception();
    }
    if (!failure) co_return child;
    awaitable<void> complaining = complain(words.front() + ": not found", command.err);
    co_await std::move(complaining);
    co_return nullptr;
  }

  // --- variables ---

  void assign(const std::string& name, const std::string& value) {
    variables_[name] = value;
    if (exported_.contains(name)) exported_[name] = value;
  }

  void export_variable(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals != std::string::npos) variables_[name] = text.substr(equals + 1);
    exported_[name] = variables_[name];
  }

  std::string value_of(const std::string& name) const {
    if (name == "?") return std::to_string(status_);
    if (name == "$") return std::to_string(process_.pid());
    if (name.size() == 1 && name.front() >= '0' && name.front() <= '9') {
      const std::size_t index = static_cast<std::size_t>(name.front() - '0') + 2;
      if (index < process_.arguments().size()) return process_.arguments()[index];
      return name == "0" ? "sh" : "";
    }
    const auto found = variables_.find(name);
    return found == variables_.end() ? "" : found->second;
  }

  std::string expand(const Word& word) const {
    std::string text;
    for (const shell::Piece& piece : word.pieces) text += piece.variable ? value_of(piece.text) : piece.text;
    return text;
  }

  Words expand(const std::vector<Word>& words) const {
    Words expanded;
    for (const Word& word : words) {
      std::string text = expand(word);
      if (!text.empty() || word.quoted) expanded.push_back(std::move(text));
    }
    return expanded;
  }

  const std::string& directory_or_own() const {
    return directory_.empty() ? process_.directory() : directory_;
  }

  Process& process_;
  Environment variables_;
  Environment exported_;
  std::string directory_;     ///< where children start; empty: where this shell did
  Target out_ = Target::out;  ///< which stream of the process is this shell's stdout
  Target err_ = Target::err;
  bool null_input_ = false;
  int status_ = 0;
  bool exiting_ = false;
};

}  // namespace

awaitable<int> run_shell(Process& process) {
  const std::vector<std::string>& arguments = process.arguments();
  std::string problem;
  std::vector<Step> steps;
  if (arguments.size() < 2 || arguments.front() != "-c") {
    problem = "only \"sh -c COMMAND\" is supported";
  } else {
    try {
      steps = shell::parse(arguments[1]);
    } catch (const shell::SyntaxError& error) {
      problem = std::string("Syntax error: ") + error.what();
    }
  }
  if (!problem.empty()) {
    process.err().write("sh: 1: " + problem + "\n");
    co_return misuse;
  }
  Shell shell(process);
  awaitable<int> running = shell.run(steps);
  co_return co_await std::move(running);
}

}  // namespace twinwire::sim
