#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/completing_operation.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/state/server_state.hpp>
#include <twinwire/net/state/stream_transport.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire {
namespace {

constexpr Purpose random_bits{"random", "{entity}: random bits"};

/// Turns that close() grants the last callbacks: what goes on rescheduling itself is cut off.
constexpr int closing_turns = 1000;

/// The members of a list as it is now, whatever becomes of the list.
template <class T, class Tag>
std::vector<detail::Ref<T>> all_of(const detail::List<T, Tag>& list) {
  std::vector<detail::Ref<T>> members;
  list.for_each([&](T& member) { members.emplace_back(&member); });
  return members;
}

}  // namespace

namespace detail {

OperationState::OperationState(Loop& loop) : loop_(&loop) {
  loop.operations_.push_back(*this);
  add_ref();  // the list's, until end()
}

OperationState::OperationState(Loop& loop, std::string description) : OperationState(loop) {
  description_ = std::move(description);
}

}  // namespace detail

Loop::Loop(std::unique_ptr<detail::Backend> backend)
    : backend_(std::move(backend)), read_buffer_(backend_->read_buffer()), pool_(new detail::CallPool) {}

Loop::~Loop() {
  // Nobody is told. What is dropped may own more that is pending, so this goes on until nothing is left.
  closed_ = true;
  pool_->for_each_waiting([this](detail::ScheduledCall& waiting) {
    const detail::Ref<detail::ScheduledCall> call(&waiting);
    call->release_ref();  // the loop's
    drop_call(*call);
  });
  while (!ready_.empty() || !operations_.empty() || !transports_.empty() || !servers_.empty()) {
    while (!ready_.empty()) drop_call(*ready_.pop());
    while (!operations_.empty()) detail::Ref<detail::OperationState>(&operations_.front())->detach();
    while (!servers_.empty()) servers_.front().detach_loop();
    while (!transports_.empty()) transports_.front().detach();
  }
  backend_->shut_down();
  backend_.reset();
  pool_->retire();
}

void Loop::drop_call(detail::ScheduledCall& call) noexcept {
  call.state_ = detail::ScheduledCall::State::cancelled;
  call.cancel();
  const Callback dropped = std::move(call.callback_);
}

// --- callbacks ---

Handle Loop::call_soon(Callback callback) {
  if (!callback) throw std::invalid_argument("call_soon: there is nothing to call");
  if (closed_) return {};
  detail::Ref<detail::ScheduledCall> call = pool_->take(*this, std::move(callback));
  push_ready(call);
  return Handle(std::move(call));
}

void Loop::push_ready(detail::Ref<detail::ScheduledCall> call) {
  call->state_ = detail::ScheduledCall::State::ready;
  const bool was_empty = ready_.empty();
  ready_.push(std::move(call));
  if (was_empty) backend_->wake();
}

Handle Loop::call_later(Duration delay, Callback callback) {
  return call_at(saturating_add(time(), delay), std::move(callback));
}

Handle Loop::call_at(TimePoint when, Callback callback) {
  if (!callback) throw std::invalid_argument("call_at: there is nothing to call");
  if (closed_) return {};
  detail::Ref<detail::ScheduledCall> call = pool_->take(*this, std::move(callback));
  call->deadline_ = when;
  call->state_ = detail::ScheduledCall::State::waiting;
  call->add_ref();  // the loop's, while it waits
  backend_->schedule(*call, call->deadline_);
  return Handle(std::move(call));
}

void Loop::call_soon_threadsafe(Callback callback) {
  backend_->post(std::move(callback));
}

void Loop::make_ready(detail::ScheduledCall& call) {
  detail::Ref<detail::ScheduledCall> ref(&call);
  call.release_ref();  // the loop's
  push_ready(std::move(ref));
}

void Loop::run_turn() {
  for (std::size_t left = ready_.size(); left != 0; --left) {
    const detail::Ref<detail::ScheduledCall> call = ready_.pop();
    if (call->state_ != detail::ScheduledCall::State::ready) continue;
    call->state_ = detail::ScheduledCall::State::idle;
    Callback callback = std::move(call->callback_);
    guard(callback, "a scheduled callback threw an exception");
  }
}

Operation Loop::start_job(Callback work, VoidCompletion done) {
  require_open("run_in_executor");
  const auto job = detail::make_ref<detail::CompletingOperation<>>(*this, std::move(done), "run in executor");
  auto outcome = std::make_shared<std::exception_ptr>();
  try {
    backend_->execute_blocking(
        [work = std::move(work), outcome]() mutable {
          try {
            work();
          } catch (...) {
            *outcome = std::current_exception();
          }
        },
        [job, outcome] { job->complete(*outcome); });
  } catch (...) {
    job->complete_soon(std::current_exception());
  }
  return Operation(job);
}

// --- running ---

void Loop::require_open(const char* operation) const {
  if (closed_) throw std::logic_error(std::string(operation) + ": the loop is closed");
}

void Loop::run_forever() {
  require_open("run_forever");
  if (running_ || depth_ != 0) throw std::logic_error("run_forever: the loop is already running");
  running_ = true;
  struct Reset {
    Loop& loop;
    ~Reset() { loop.running_ = loop.stopping_ = false; }
  } reset{*this};
  backend_->run();
}

void Loop::stop() {
  stopping_ = true;
  // So that a loop which waits for events goes through one more turn.
  if (ready_.empty()) call_soon([] {});
}

void Loop::close() {
  if (closed_) return;
  if (running_ || depth_ != 0) throw std::logic_error("close: the loop is running");
  while (!signal_handlers_.empty()) remove_signal_handler(signal_handlers_.back().number);
  const error_code reason = Error::loop_closed;
  // Those that were told, so that each is only once, however many turns it takes to end.
  detail::List<detail::OperationState, detail::OperationTag> told;
  for (int turn = 0; turn < closing_turns; ++turn) {
    const bool posted = backend_->take_posted();
    for (const auto& operation : all_of(operations_)) {
      if (!operation->linked()) continue;  // another one took it along
      operation->leave();
      told.push_back(*operation);
      operation->cancel(reason);
    }
    for (const auto& server : all_of(servers_)) server->close();
    for (const auto& transport : all_of(transports_)) transport->abort();
    if (!posted && ready_.empty()) break;
    run_turn();
  }
  for (const auto& operation : all_of(told)) {
    operation->leave();
    operations_.push_back(*operation);
  }
  closed_ = true;
  while (!ready_.empty()) drop_call(*ready_.pop());
}

// --- failures ---

void Loop::set_exception_handler(ExceptionHandler handler) {
  exception_handler_ = handler ? std::make_shared<ExceptionHandler>(std::move(handler)) : nullptr;
}

void Loop::call_exception_handler(const ExceptionContext& context) noexcept {
  const CallbackScope scope(*this);
  const std::shared_ptr<ExceptionHandler> handler = exception_handler_;  // it may replace itself
  if (!handler) {
    backend_->unhandled(context);
    return;
  }
  try {
    (*handler)(context);
  } catch (...) {
    backend_->unhandled({"the exception handler itself threw an exception", std::current_exception(),
                         context.transport, context.protocol});
  }
}

// --- connections ---

Operation Loop::create_connection(ProtocolFactory factory, ConnectOptions options,
                                  Completion<Connection> done) {
  require_open("create_connection");
  return detail::start_connect(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::create_server(ProtocolFactory factory, ServerOptions options, Completion<Server> done) {
  require_open("create_server");
  return detail::start_server_operation(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::create_unix_connection(ProtocolFactory factory, UnixConnectOptions options,
                                       Completion<Connection> done) {
  require_open("create_unix_connection");
  return detail::start_unix_connect(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::create_unix_server(ProtocolFactory factory, UnixServerOptions options,
                                   Completion<Server> done) {
  require_open("create_unix_server");
  return detail::start_unix_server_operation(*this, std::move(factory), options, std::move(done));
}

Operation Loop::connect_accepted_socket(ProtocolFactory factory, AcceptedSocketOptions options,
                                        Completion<Connection> done) {
  require_open("connect_accepted_socket");
  return detail::start_accepted(*this, std::move(factory), options, std::move(done));
}

Operation Loop::start_tls(const BaseTransport& transport, std::shared_ptr<BaseProtocol> protocol,
                          StartTlsOptions options, Completion<Transport> done) {
  require_open("start_tls");
  return detail::start_secure(*this, transport, std::move(protocol), std::move(options), std::move(done));
}

Operation Loop::create_datagram_endpoint(DatagramProtocolFactory factory, DatagramOptions options,
                                         Completion<DatagramEndpoint> done) {
  require_open("create_datagram_endpoint");
  return detail::start_datagram(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::connect_read_pipe(ProtocolFactory factory, NativeHandle pipe, Completion<Connection> done) {
  require_open("connect_read_pipe");
  return detail::start_pipe(*this, std::move(factory), pipe, Direction::receive, std::move(done));
}

Operation Loop::connect_write_pipe(ProtocolFactory factory, NativeHandle pipe, Completion<Connection> done) {
  require_open("connect_write_pipe");
  return detail::start_pipe(*this, std::move(factory), pipe, Direction::send, std::move(done));
}

PipeEnds Loop::make_pipe() {
  error_code error;
  const PipeEnds ends = backend_->make_pipe(error);
  if (error.failed()) throw OperationError(error, "make a pipe");
  return ends;
}

void Loop::close_handle(NativeHandle handle) {
  backend_->close_handle(handle);
}

Operation Loop::sendfile(const BaseTransport& transport, NativeHandle file, SendfileOptions options,
                         Completion<std::uint64_t> done) {
  require_open("sendfile");
  return detail::start_sendfile(*this, transport, file, options, std::move(done));
}

NativeHandle Loop::open_file(const std::string& path) {
  error_code error;
  const NativeHandle handle = backend_->open_file(path, error);
  if (error.failed()) throw OperationError(error, "open " + path);
  return handle;
}

Operation Loop::subprocess_exec(SubprocessProtocolFactory factory, SubprocessOptions options,
                                Completion<Subprocess> done) {
  require_open("subprocess_exec");
  return detail::start_subprocess(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::subprocess_shell(SubprocessProtocolFactory factory, std::string command,
                                 SubprocessOptions options, Completion<Subprocess> done) {
  require_open("subprocess_shell");
  if (!options.program.empty() || !options.arguments.empty()) {
    throw std::invalid_argument("subprocess_shell: the options name a program or arguments");
  }
  options.program = "/bin/sh";
  options.arguments = {"-c", std::move(command)};
  return detail::start_subprocess(*this, std::move(factory), std::move(options), std::move(done));
}

Operation Loop::getaddrinfo(std::string host, Port port, ResolveOptions options,
                            Completion<std::vector<Address>> done) {
  require_open("getaddrinfo");
  return detail::start_resolve(*this, {std::move(host), port.text(), options.family, options.passive},
                               std::move(done));
}

void Loop::set_resolver(Resolver resolver) {
  resolver_ = resolver ? std::make_shared<Resolver>(std::move(resolver)) : nullptr;
}

// --- signals ---

void Loop::add_signal_handler(int signal_number, Callback callback) {
  require_open("add_signal_handler");
  if (!callback) throw std::invalid_argument("add_signal_handler: there is nothing to call");
  auto shared = std::make_shared<Callback>(std::move(callback));
  const auto found = std::ranges::find(signal_handlers_, signal_number, &SignalHandler::number);
  if (found != signal_handlers_.end()) {
    found->callback = std::move(shared);
    return;
  }
  backend_->watch_signal(signal_number, true);
  signal_handlers_.push_back({signal_number, std::move(shared)});
}

bool Loop::remove_signal_handler(int signal_number) {
  const auto found = std::ranges::find(signal_handlers_, signal_number, &SignalHandler::number);
  if (found == signal_handlers_.end()) return false;
  signal_handlers_.erase(found);
  backend_->watch_signal(signal_number, false);
  return true;
}

void Loop::signal_arrived(int signal_number) {
  const auto found = std::ranges::find(signal_handlers_, signal_number, &SignalHandler::number);
  if (found == signal_handlers_.end()) return;
  call_soon([callback = found->callback] { (*callback)(); });
}

// --- the rest ---

std::uint64_t Loop::random() {
  Choices& all = choices();
  return all.entropy(all.site(name(), random_bits), random_count_++);
}

std::vector<std::string> Loop::pending_operations(bool with_background) const {
  std::vector<std::string> descriptions;
  operations_.for_each([&](const detail::OperationState& operation) {
    if (with_background || !operation.background()) descriptions.push_back(operation.description());
  });
  return descriptions;
}

}  // namespace twinwire
