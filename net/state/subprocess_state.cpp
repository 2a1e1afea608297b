#include <twinwire/net/state/subprocess_state.hpp>

#include <csignal>
#include <stdexcept>
#include <string>

namespace twinwire::detail {

/// Passes on what happens to one of the pipes.
class SubprocessState::PipeProtocol final : public Protocol {
 public:
  PipeProtocol(SubprocessState& process, int fd) : process_(&process), fd_(fd) {}

  void data_received(Bytes data) override {
    if (process_->receiver_) process_->receiver_->pipe_data_received(fd_, data);
  }
  void connection_lost(error_code error) override { process_->pipe_lost(fd_, error); }
  void pause_writing() override {
    if (process_->receiver_) process_->receiver_->pause_writing();
  }
  void resume_writing() override {
    if (process_->receiver_) process_->receiver_->resume_writing();
  }

 private:
  Ref<SubprocessState> process_;
  int fd_;
};

SubprocessState::SubprocessState(Loop& loop, std::unique_ptr<ProcessWire> wire)
    : TransportLife(loop), wire_(std::move(wire)), pid_(wire_->pid()) {}

SubprocessState::~SubprocessState() = default;

bool SubprocessState::start(std::shared_ptr<SubprocessProtocol> protocol) {
  const Ref<SubprocessState> self(this);
  set_protocol(std::move(protocol));
  for (int fd = 0; fd < 3; ++fd) {
    std::unique_ptr<Wire> pipe = wire_->take_pipe(fd);
    if (!pipe) continue;
    Ref<StreamTransport>& transport = pipes_[static_cast<std::size_t>(fd)];
    transport = make_ref<StreamTransport>(*loop_, std::move(pipe));
    ++open_pipes_;
    transport->start(std::make_shared<PipeProtocol>(*this, fd));
  }
  publish("connection_made", {});
  const bool made =
      call_protocol("connection_made", [&] { receiver_->connection_made(SubprocessTransport(self)); });
  if (is_sending()) wire_->set_sink(this);
  return made;
}

void SubprocessState::check_protocol(BaseProtocol* protocol) {
  if (!protocol) throw std::invalid_argument("there is no protocol: a null pointer was given");
  if (!dynamic_cast<SubprocessProtocol*>(protocol)) {
    throw std::invalid_argument("a subprocess transport needs a SubprocessProtocol");
  }
}

void SubprocessState::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  if (state_ == State::gone) return;
  check_protocol(protocol.get());
  receiver_ = dynamic_cast<SubprocessProtocol*>(protocol.get());
  replace_protocol(std::move(protocol));
}

void SubprocessState::let_go_of_protocol() noexcept {
  receiver_ = nullptr;
  // Each pipe's protocol refers to this object.
  for (Ref<StreamTransport>& pipe : pipes_) pipe = {};
}

// --- the child ---

Transport SubprocessState::pipe_transport(int fd) const {
  if (fd < 0 || fd > 2 || !pipes_[static_cast<std::size_t>(fd)]) return {};
  return Transport(pipes_[static_cast<std::size_t>(fd)]);
}

void SubprocessState::send_signal(int number) {
  const error_code error =
      state_ == State::gone || returncode_ ? make_error(errc::no_such_process) : wire_->send_signal(number);
  if (error.failed()) {
    throw OperationError(error,
                         "send signal " + std::to_string(number) + " to process " + std::to_string(pid_));
  }
}

void SubprocessState::on_hang_up() {
  const Ref<SubprocessState> self(this);
  exited();
}

void SubprocessState::exited() {
  if (exited_ || !receiver_) return;
  exited_ = true;
  returncode_ = wire_->returncode();
  publish("process_exited", {});
  loop_->guard([&] { receiver_->process_exited(); }, "process_exited threw an exception");
  lose_if_over();
}

void SubprocessState::pipe_lost(int fd, error_code error) {
  const Ref<SubprocessState> self(this);
  --open_pipes_;
  if (!receiver_) return;
  publish("pipe_connection_lost", {}, error);
  loop_->guard([&] { receiver_->pipe_connection_lost(fd, error); },
               "pipe_connection_lost threw an exception");
  lose_if_over();
}

// --- the end ---

void SubprocessState::lose_if_over() {
  if (is_sending() && exited_ && open_pipes_ == 0) lose(error_);
}

void SubprocessState::fail(error_code error) {
  if (!is_sending()) return;
  error_ = error;
  close();
}

/// The pipes go at once: nobody is left who could read what is in them. The signal goes first, or the child
/// might find a broken pipe, or the end of its stdin, and end in another way.
void SubprocessState::flush() {
  if (!returncode_) static_cast<void>(wire_->send_signal(SIGKILL));
  for (const Ref<StreamTransport>& pipe : pipes_) {
    if (pipe) pipe->abort();
  }
  if (!exited_) wire_->set_sink(this);
}

void SubprocessState::abort() {
  if (!is_sending()) return;
  close();
  if (exited_) return;
  wire_->close();  // waits for the child
  returncode_ = wire_->returncode();
  loop_->call_soon([self = Ref<SubprocessState>(this)] { self->exited(); });
}

}  // namespace twinwire::detail

namespace twinwire {

SubprocessTransport::SubprocessTransport(detail::Ref<detail::SubprocessState> state) noexcept
    : BaseTransport(state) {}

namespace {

detail::SubprocessState* state_of(const detail::Ref<detail::BaseTransportState>& state) noexcept {
  return static_cast<detail::SubprocessState*>(state.get());
}

}  // namespace

int SubprocessTransport::get_pid() const {
  return base_state() ? state_of(base_state())->pid() : -1;
}

std::optional<int> SubprocessTransport::get_returncode() const {
  return base_state() ? state_of(base_state())->returncode() : std::nullopt;
}

Transport SubprocessTransport::get_pipe_transport(int fd) const {
  return base_state() ? state_of(base_state())->pipe_transport(fd) : Transport();
}

void SubprocessTransport::send_signal(int number) const {
  if (base_state()) state_of(base_state())->send_signal(number);
}

void SubprocessTransport::terminate() const {
  send_signal(SIGTERM);
}

void SubprocessTransport::kill() const {
  send_signal(SIGKILL);
}

}  // namespace twinwire
