#include "process_endpoint.hpp"

#include <csignal>
#include <optional>

namespace twinwire::differential {

class ProcessEndpoint::Receiver final : public SubprocessProtocol {
 public:
  explicit Receiver(std::shared_ptr<ProcessEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
  void connection_made(SubprocessTransport transport) override {
    endpoint_->connection_made(std::move(transport));
  }
  void pipe_data_received(int fd, Bytes data) override { endpoint_->pipe_data_received(fd, data); }
  void pipe_connection_lost(int fd, error_code error) override { endpoint_->pipe_connection_lost(fd, error); }
  void process_exited() override { endpoint_->process_exited(); }
  void connection_lost(error_code error) override { endpoint_->note_lost(error); }
  void pause_writing() override { endpoint_->note_pause(); }
  void resume_writing() override { endpoint_->note_resume(); }

 private:
  std::shared_ptr<ProcessEndpoint> endpoint_;
};

std::shared_ptr<SubprocessProtocol> ProcessEndpoint::protocol() {
  return std::make_shared<Receiver>(std::static_pointer_cast<ProcessEndpoint>(shared_from_this()));
}

// --- callbacks ---

void ProcessEndpoint::connection_made(SubprocessTransport transport) {
  transport_ = std::move(transport);
  note_made();
}

void ProcessEndpoint::pipe_data_received(int fd, Bytes data) {
  if (fd != 1 && fd != 2) return note("WRONG: data of pipe " + std::to_string(fd));
  note_data(fd == 1 ? "PD1" : "PD2", received_.at(static_cast<std::size_t>(fd)), data, 1);
}

void ProcessEndpoint::pipe_connection_lost(int fd, const error_code& error) {
  note("PL" + std::to_string(fd) + (error.failed() ? ": " + describe(error) : ""));
}

void ProcessEndpoint::process_exited() {
  const std::optional<int> code = transport_.get_returncode();
  note(code ? "PX:" + std::to_string(*code) : "WRONG: process_exited without a return code");
}

// --- what a program does ---

void ProcessEndpoint::act(const Step& step) {
  switch (step.action) {
    case Action::write:
      pipe(0).write(bytes_of(side(), written_, step.size));
      written_ += step.size;
      return;
    case Action::pause:
      return pipe(1).pause_reading();
    case Action::resume:
      return pipe(1).resume_reading();
    case Action::limits:
      return pipe(0).set_write_buffer_limits(static_cast<std::ptrdiff_t>(step.size));
    case Action::write_eof:
      return pipe(0).write_eof();
    case Action::close:
      return transport_.close();
    case Action::abort:
      return transport_.abort();
    case Action::terminate:
      return transport_.terminate();
    case Action::interrupt:
      return transport_.send_signal(SIGINT);
    case Action::kill:
      return transport_.kill();
    case Action::close_stdin:
      return pipe(0).close();
    case Action::close_stdout:
      return pipe(1).close();
    case Action::close_stderr:
      return pipe(2).close();
    default:
      return;
  }
}

std::string ProcessEndpoint::state() const {
  std::string text = transport_.is_closing() ? "closing" : "open";
  if (const std::optional<int> code = transport_.get_returncode()) text += ", ended " + std::to_string(*code);
  if (pipe(0).is_closing()) text += ", closes stdin";
  if (pipe(0).get_write_buffer_size() != 0) text += ", has buffered";
  if (writing_paused()) text += ", is paused";
  if (pipe(1).is_closing()) text += ", closes stdout";
  if (pipe(2).is_closing()) text += ", closes stderr";
  if (pipe(1).is_reading()) text += ", reads stdout";
  if (pipe(2).is_reading()) text += ", reads stderr";
  return text;
}

}  // namespace twinwire::differential
