// subprocess_exec and subprocess_shell.
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/establish_operation.hpp>
#include <twinwire/net/state/subprocess_state.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace twinwire::detail {
namespace {

struct SubprocessKind {
  using Factory = SubprocessProtocolFactory;
  using Wire = ProcessWire;
  using State = SubprocessState;
  using Handle = SubprocessTransport;
  using Result = Subprocess;
};

/// Starts the child in the next turn.
class SubprocessOperation final : public EstablishOperation<SubprocessKind> {
 public:
  using EstablishOperation::EstablishOperation;

  void start(const SubprocessOptions& options) {
    wire_ = loop().backend().prepare_process(options);
    soon_ = loop().call_soon([self = Ref<SubprocessOperation>(this)] {
      if (!self->ended()) self->establish(std::move(self->wire_));
    });
  }

 private:
  void release_wires() noexcept override {
    soon_.cancel();
    wire_.reset();
  }

  std::unique_ptr<ProcessWire> wire_;
  Handle soon_;
};

std::string describe(const SubprocessOptions& options) {
  std::string text = "run " + options.program;
  if (!options.arguments.empty() && options.program == "/bin/sh")
    text += " -c '" + options.arguments.back() + "'";
  if (!options.cwd.empty()) text += " in " + options.cwd;
  return text;
}

void check(const SubprocessOptions& options) {
  const auto reject = [](const char* why) { throw std::invalid_argument(std::string("subprocess: ") + why); };
  if (options.program.empty()) reject("no program was given");
  if (options.stdin_stream.kind() == Redirect::Kind::to_stdout ||
      options.stdout_stream.kind() == Redirect::Kind::to_stdout) {
    reject("only stderr can be redirected to stdout");
  }
  if (has_nul(options.program) || has_nul(options.cwd) || std::ranges::any_of(options.arguments, has_nul)) {
    reject("program, directory and arguments cannot contain a NUL");
  }
  if (!options.env) return;
  for (const auto& [name, value] : *options.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      reject("the name of a variable is empty, or contains '=' or a NUL");
    }
  }
}

}  // namespace

Operation start_subprocess(Loop& loop, SubprocessProtocolFactory factory, SubprocessOptions options,
                           Completion<Subprocess> done) {
  check(options);
  const auto operation =
      make_ref<SubprocessOperation>(loop, describe(options), std::move(factory), std::move(done));
  operation->start(options);
  return Operation(operation);
}

}  // namespace twinwire::detail
