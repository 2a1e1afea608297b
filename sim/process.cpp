#include <twinwire/net/state/stream_protocol.hpp>
#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/streams.hpp>
#include <twinwire/net/task.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/host_backend.hpp>
#include <twinwire/sim/process.hpp>
#include <twinwire/sim/processes/child_wire.hpp>
#include <twinwire/sim/processes/null_wire.hpp>
#include <twinwire/sim/processes/pipe_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace twinwire::sim {
namespace {

constexpr Purpose start_purpose{"process start", "{entity}: began {outcome}/63 of the jitter later"};
constexpr Purpose signal_purpose{"process signal",
                                 "{entity}: signal {ordinal} came {outcome}/63 of the jitter later"};
constexpr Purpose exit_purpose{"process exit",
                               "{entity}: its parent heard of its end {outcome}/63 of the jitter later"};

/// Signals that do nothing to a process which has no handler. Stopping one is not simulated.
bool is_ignored(int number) {
  constexpr std::array ignored{SIGCHLD, SIGURG, SIGWINCH, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  return std::ranges::find(ignored, number) != ignored.end();
}

}  // namespace

Process::Process(Host& host, std::string name, int pid, const Program& program, SubprocessOptions options,
                 StandardStreams streams)
    : host_(host),
      name_(std::move(name)),
      pid_(pid),
      program_(program),
      options_(std::move(options)),
      streams_(std::move(streams)) {
  Choices& choices = host_.world().choices();
  start_site_ = choices.site(name_, start_purpose);
  signal_site_ = choices.site(name_, signal_purpose);
  exit_site_ = choices.site(name_, exit_purpose);
  const std::uint64_t id = static_cast<std::uint64_t>(pid_) << 32 | host_.index();
  auto backend = std::make_unique<HostBackend>(host_, name_, id, this);
  backend_ = backend.get();
  loop_ = std::make_unique<Loop>(std::move(backend));
  backend_->attach(*loop_);
  loop_->set_observer(host_.loop().observer());
}

Process::~Process() = default;

Duration Process::delay(Site site, std::uint64_t ordinal) const {
  World& world = host_.world();
  return world.link(host_, host_).delay(world.choices(), site, ordinal);
}

// --- running ---

void Process::start() {
  host_.world().schedule(start_, host_.world().time() + delay(start_site_, 0));
}

void Process::begin() {
  host_.world().set_current(host_, "process start");
  host_.world().publish(host_, "process", name_, static_cast<std::uint64_t>(pid_));
  spawn(*loop_, run(), "run " + name_, TaskOptions(true));
}

awaitable<void> Process::run() {
  int code = -SIGABRT;
  std::exception_ptr failure;
  try {
    awaitable<int> running = program_(*this);
    code = co_await std::move(running);
    code &= 0xff;
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && is_broken_pipe(failure)) {
    code = -SIGPIPE;
  } else if (failure) {
    loop_->call_exception_handler({"the program " + name_ + " threw an exception", failure, {}, {}});
  } else {
    awaitable<bool> flushing = flush();
    if (!co_await std::move(flushing)) code = -SIGPIPE;
  }
  end_soon(code);
}

/// Whether this is the news that nobody reads what was written. That of a writer who had nothing left to send
/// is that the connection is gone.
bool Process::is_broken_pipe(const std::exception_ptr& failure) const {
  const error_code error = error_code_of(failure);
  return error == errc::broken_pipe ||
         (error == errc::connection_reset && std::ranges::any_of(writers_, [](const StreamWriter& writer) {
            return writer && writer.is_closing();
          }));
}

/// What was written goes into the pipes before the end. False: something was left, and nobody reads any more.
awaitable<bool> Process::flush() {
  for (const StreamWriter& writer : writers_) {
    if (!writer) continue;
    const bool had_rest = writer.transport().get_write_buffer_size() != 0;
    writer.close();
    try {
      co_await writer.wait_closed();
    } catch (const OperationError& error) {  // or one that the program knows of
      if (had_rest && error.code() == errc::broken_pipe) co_return false;
    }
  }
  co_return true;
}

// --- streams ---

/// A pipe that is closed for the whole process with its wire, unless children have it.
class Process::StandardWire final : public PipeWire {
 public:
  StandardWire(detail::Ref<PipeEnd>& stream, NativeHandle handle)
      : PipeWire(stream, handle), stream_(stream) {}
  void close() override {
    PipeWire::close();
    stream_ = {};
  }

 private:
  detail::Ref<PipeEnd>& stream_;
};

detail::Ref<detail::StreamState> Process::open_stream(int number) {
  detail::Ref<PipeEnd>& end = streams_[static_cast<std::size_t>(number)];
  std::unique_ptr<Wire> wire;
  if (end) {
    error_code error;
    const NativeHandle handle = host_.open_descriptor(error);
    if (!handle)
      throw OperationError(error, "open standard stream " + std::to_string(number) + " of " + name_);
    wire = std::make_unique<StandardWire>(end, handle);
  } else {
    wire = std::make_unique<NullWire>(host_.world(), number == 0 ? Direction::receive : Direction::send);
  }
  auto state = detail::make_ref<detail::StreamState>(*loop_, StreamOptions().limit);
  detail::make_ref<detail::StreamTransport>(*loop_, std::move(wire))
      ->start(std::make_shared<detail::StreamReaderProtocol>(state));
  return state;
}

StreamReader Process::in() {
  if (!in_) in_ = open_stream(0);
  return StreamReader(in_);
}

StreamWriter Process::writer(int number) {
  StreamWriter& writer = writers_[static_cast<std::size_t>(number)];
  if (!writer) writer = StreamWriter(detail::make_ref<detail::WriterEnd>(open_stream(number)));
  return writer;
}

void Process::close_stream(int number) {
  if (number == 0) {
    if (in_) in_->transport.close();
  } else {
    writer(number).close();
  }
  streams_[static_cast<std::size_t>(number)] = {};
}

// --- signals ---

void Process::send_signal(int number) {
  signals_.push_back(number);
  const Duration takes = delay(signal_site_, ++signals_sent_);
  if (!signal_.scheduled()) host_.world().schedule(signal_, host_.world().time() + takes);
}

void Process::signal_arrived() {
  host_.world().set_current(host_, "signal");
  const detail::Ref<Process> self(this);
  const std::deque<int> arrived = std::exchange(signals_, {});
  for (const int number : arrived) {
    if (ended()) return;
    host_.world().fingerprint_state().add(signal_site_.key, static_cast<std::uint64_t>(number));
    if (backend_->watches(number)) {
      backend_->signal(number);
    } else if (!is_ignored(number)) {
      code_ = -number;
      end();
    }
  }
}

void Process::kill() {
  if (ended()) return;
  code_ = -SIGKILL;
  if (loop_->in_callback()) {
    end_soon(code_);
  } else {
    end();
  }
}

// --- the end ---

void Process::end_soon(int code) {
  code_ = code;
  host_.world().schedule(end_, host_.world().time());
}

/// The first signal that is to end this process, of those that are still on their way; 0: none is.
int Process::deadly_signal() const {
  const auto deadly = [this](int number) { return !is_ignored(number) && !backend_->watches(number); };
  const auto first = std::ranges::find_if(signals_, deadly);
  return first == signals_.end() ? 0 : *first;
}

void Process::end() {
  const detail::Ref<Process> self(this);
  World& world = host_.world();
  // Linux settles how a process ends when such a signal is sent, whatever happens until it arrives.
  if (const int number = deadly_signal(); number != 0) code_ = -number;
  world.set_current(host_, "process exit");
  world.fingerprint_state().add(exit_site_.key, static_cast<std::uint64_t>(code_));
  world.publish(host_, "exit", name_, static_cast<std::uint64_t>(pid_));
  returncode_ = code_;
  release();
  host_.processes().remove(*this);
  if (wire_) world.schedule(exit_, world.time() + delay(exit_site_, 0));
}

void Process::tell_parent() {
  host_.world().set_current(host_, "child exit");
  if (wire_) wire_->exited();
}

void Process::vanish() noexcept {
  returncode_ = -SIGKILL;
  wire_ = nullptr;
  release();
}

void Process::release() noexcept {
  start_.cancel();
  signal_.cancel();
  end_.cancel();
  exit_.cancel();
  loop_.reset();
  in_ = {};
  writers_ = {};
  streams_ = {};
  // What it opened and gave to no transport: the loop knows nothing of those.
  for (const NativeHandle handle : host_.descriptors().detached_of(pid_)) host_.close_detached(handle);
}

}  // namespace twinwire::sim
