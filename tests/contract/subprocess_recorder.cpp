#include "subprocess_recorder.hpp"

#include "endpoints.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

std::string numbered(const char* event, int fd) {
  return event + std::to_string(fd);
}

}  // namespace

void SubprocessRecorder::clear_hooks() {
  on_made = nullptr;
  on_data = nullptr;
  on_exit = nullptr;
}

// --- user calls ---

void SubprocessRecorder::write(std::string_view text) const {
  as_user([&] { transport.get_pipe_transport(0).write(text); });
}

void SubprocessRecorder::write_eof() const {
  as_user([&] { transport.get_pipe_transport(0).write_eof(); });
}

void SubprocessRecorder::close() const {
  as_user([&] { transport.close(); });
}

void SubprocessRecorder::send_signal(int number) const {
  as_user([&] { transport.send_signal(number); });
}

// --- what happened ---

std::string SubprocessRecorder::events() const {
  std::string text;
  for (const std::string& event : events_) text += (text.empty() ? "" : " ") + event;
  return text;
}

std::size_t SubprocessRecorder::count(std::string_view event) const {
  return static_cast<std::size_t>(std::ranges::count(events_, event));
}

void SubprocessRecorder::violation(const std::string& what) const {
  Violations::add(name() + ": " + what + " (after \"" + events() + "\")");
}

void SubprocessRecorder::check_complete() const {
  if (made_ && !lost_) violation("connection_made was called, connection_lost was not");
}

void SubprocessRecorder::enter(const std::string& event, bool anywhere) {
  if (UserCall::active() && !anywhere) violation(event + " on the stack of a user call");
  if (!made_) violation(event + " before connection_made");
  if (lost_) violation(event + " after connection_lost");
  events_.push_back(event);
}

void SubprocessRecorder::connection_made(SubprocessTransport made) {
  if (made_) violation("connection_made twice");
  made_ = true;
  transport = std::move(made);
  enter("CM");
  if (on_made) on_made();
}

/// Data that came in pieces is one event, as long as it is of the same pipe.
void SubprocessRecorder::pipe_data_received(int fd, Bytes data) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd != 1 && fd != 2) violation("data of pipe " + std::to_string(fd));
  if (data.empty()) violation("pipe_data_received without data");
  if (pipes_lost_.at(index)) violation("data after pipe_connection_lost");
  std::string& output = outputs_.at(index);
  output += as_text(data);
  const std::string event = numbered("PD", fd);
  if (!events_.empty() && events_.back().starts_with(event)) events_.pop_back();
  enter(event + ":" + abbreviated(output));
  if (on_data) on_data(fd, as_text(data));
}

void SubprocessRecorder::pipe_connection_lost(int fd, error_code error) {
  const std::string reason = name_of(error);
  bool& lost = pipes_lost_.at(static_cast<std::size_t>(fd));
  if (lost) violation("pipe_connection_lost twice");
  lost = true;
  enter(numbered("PL", fd) + (reason.empty() ? "" : ":" + reason));
}

void SubprocessRecorder::process_exited() {
  if (exited_) violation("process_exited twice");
  if (!transport.get_returncode()) violation("process_exited without a return code");
  exited_ = true;
  enter("PX");
  if (on_exit) on_exit();
}

void SubprocessRecorder::pause_writing() {
  enter("PW", true);
}

void SubprocessRecorder::resume_writing() {
  enter("RW");
}

void SubprocessRecorder::connection_lost(error_code error) {
  if (!exited_) violation("connection_lost before process_exited");
  for (int fd = 0; fd < 3; ++fd) {
    if (!pipes_lost_.at(static_cast<std::size_t>(fd)) && transport.get_pipe_transport(fd)) {
      violation("connection_lost before pipe_connection_lost of " + std::to_string(fd));
    }
  }
  const std::string reason = name_of(error);
  enter(reason.empty() ? "CL" : "CL:" + reason);
  lost_ = true;
}

// --- starting one ---

Starting::Starting(Stage& stage, SubprocessOptions options,
                   const std::function<void(SubprocessRecorder&)>& prepare)
    : protocol(stage.witness<SubprocessRecorder>("child")) {
  if (prepare) prepare(*protocol);
  operation = as_user([&] {
    return stage.server().subprocess_exec(protocol->factory(), std::move(options), outcome->completion());
  });
}

std::shared_ptr<SubprocessRecorder> start_child(Stage& stage, SubprocessOptions options,
                                                const std::function<void(SubprocessRecorder&)>& prepare) {
  const Starting starting(stage, std::move(options), prepare);
  stage.run_until([&] { return starting.outcome->done(); }, "the child to be started");
  INFO(starting.outcome->message());
  REQUIRE(starting.outcome->succeeded());
  CHECK(starting.outcome->value.protocol == starting.protocol);
  return starting.protocol;
}

std::shared_ptr<SubprocessRecorder> start_shell(Stage& stage, const std::string& command,
                                                SubprocessOptions options) {
  const auto child = stage.witness<SubprocessRecorder>("shell");
  const auto outcome = Outcome<Subprocess>::make();
  as_user([&] {
    return stage.server().subprocess_shell(child->factory(), command, std::move(options),
                                           outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the shell to be started");
  INFO(outcome->message());
  REQUIRE(outcome->succeeded());
  return child;
}

void run_until_lost(Stage& stage, const SubprocessRecorder& child) {
  stage.run_until([&] { return child.lost(); }, child.name() + " to be lost");
}

void run_until_output(Stage& stage, const SubprocessRecorder& child, int fd, std::string_view text) {
  stage.run_until([&] { return child.output(fd).find(text) != std::string::npos; },
                  child.name() + " to write " + std::string(text));
}

}  // namespace twinwire::contract
