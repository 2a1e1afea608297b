#include <twinwire/sim/host.hpp>
#include <twinwire/sim/processes/child_wire.hpp>
#include <twinwire/sim/processes/pipe_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <csignal>
#include <utility>

namespace twinwire::sim {

ChildWire::ChildWire(Host& host, const Process* parent, SubprocessOptions options)
    : host_(host), parent_(parent), options_(std::move(options)) {}

ChildWire::~ChildWire() {
  close();
}

error_code ChildWire::start() {
  const Program* const program = host_.world().programs().find(options_.program);
  if (!program) return make_error(errc::no_such_file_or_directory);
  if (options_.cwd.empty()) {
    options_.cwd = parent_ ? parent_->directory() : "/";
  } else if (!host_.files().is_directory(options_.cwd)) {
    return make_error(errc::no_such_file_or_directory);
  }
  if (!options_.env) options_.env = parent_ ? parent_->environment() : host_.processes().environment;

  error_code error;
  handle_ = host_.open_descriptor(error);
  if (!handle_) return error;
  const std::string name = host_.processes().next_name(options_.program);
  const std::array redirects{options_.stdin_stream, options_.stdout_stream, options_.stderr_stream};
  StandardStreams streams;
  for (int i = 0; i < 3; ++i) {
    error = open_stream(i, redirects[static_cast<std::size_t>(i)], name, streams);
    if (!error.failed()) continue;
    close();
    return error;
  }
  process_ = detail::make_ref<Process>(host_, name, host_.processes().next_pid(), *program,
                                       std::move(options_), std::move(streams));
  process_->set_wire(this);
  host_.processes().add(process_);
  process_->start();
  return {};
}

error_code ChildWire::open_stream(int number, const Redirect& redirect, const std::string& process,
                                  StandardStreams& streams) {
  constexpr std::array names{" stdin", " stdout", " stderr"};
  const auto index = static_cast<std::size_t>(number);
  detail::Ref<PipeEnd>& stream = streams[index];
  switch (redirect.kind()) {
    case Redirect::Kind::null:
      break;
    case Redirect::Kind::inherit:
      if (parent_) stream = parent_->stream(number);
      break;
    case Redirect::Kind::to_stdout:
      stream = streams[1];
      break;
    case Redirect::Kind::handle: {
      const int given = redirect.native_handle().value;
      if (parent_ && given >= 0 && given < 3) {
        stream = parent_->stream(given);
        break;
      }
      const auto* entry = host_.descriptors().find(redirect.native_handle());
      const auto* end = entry ? std::get_if<detail::Ref<PipeEnd>>(entry) : nullptr;
      if (!end) return make_error(errc::bad_file_descriptor);
      stream = *end;
      break;
    }
    case Redirect::Kind::pipe: {
      error_code error;
      const NativeHandle handle = host_.open_descriptor(error);
      if (!handle) return error;
      const auto pipe = detail::make_ref<Pipe>(host_, process + names[index]);
      const auto receiving = detail::make_ref<PipeEnd>(pipe, Direction::receive);
      const auto sending = detail::make_ref<PipeEnd>(pipe, Direction::send);
      stream = number == 0 ? receiving : sending;
      pipes_[index] = std::make_unique<PipeWire>(number == 0 ? sending : receiving, handle);
      break;
    }
  }
  return {};
}

std::unique_ptr<Wire> ChildWire::take_pipe(int number) {
  return std::move(pipes_[static_cast<std::size_t>(number)]);
}

error_code ChildWire::send_signal(int number) {
  if (returncode_ || !process_) return make_error(errc::no_such_process);
  if (number < 0 || number > 64) return make_error(errc::invalid_argument);
  if (number != 0 && !process_->ended()) process_->send_signal(number);
  return {};
}

void ChildWire::exited() {
  returncode_ = process_->returncode();
  process_->set_wire(nullptr);
  release_handle();
  if (sink_) std::exchange(sink_, nullptr)->on_hang_up();
}

void ChildWire::close() {
  sink_ = nullptr;
  for (auto& pipe : pipes_) pipe.reset();
  if (process_ && !returncode_) {
    process_->set_wire(nullptr);
    // The children of a process that has ended live on, with nobody who waits for them.
    if (!parent_ || !parent_->ended()) process_->kill();
    returncode_ = process_->returncode().value_or(-SIGKILL);  // or in a moment
  }
  release_handle();
}

void ChildWire::release_handle() noexcept {
  if (handle_) host_.close_descriptor(std::exchange(handle_, {}));
}

}  // namespace twinwire::sim
