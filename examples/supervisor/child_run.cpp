#include "child_run.hpp"

#include "child.hpp"

#include <chrono>

namespace supervisor {
namespace {

/// How long the pipes of a process that has ended are read on, if children of its own hold them open.
constexpr twinwire::Duration pipes_grace = std::chrono::milliseconds(200);

}  // namespace

void ChildRun::drop() {
  child_ = nullptr;
  patience_.cancel();
  transport_.close();
}

void ChildRun::failed(const std::exception_ptr& why) {
  if (child_) child_->not_started(twinwire::message_of(why));
}

void ChildRun::send_signal(int number) {
  if (transport_ && !transport_.get_returncode()) transport_.send_signal(number);
}

void ChildRun::connection_made(twinwire::SubprocessTransport transport) {
  transport_ = std::move(transport);
  if (child_) {
    child_->started(transport_.get_pid());
  } else {
    transport_.close();
  }
}

void ChildRun::pipe_data_received(int fd, twinwire::Bytes data) {
  if (!child_) return;
  lines_.at(static_cast<std::size_t>(fd - 1)).feed(data, [&](std::string_view line) { child_->said(line); });
}

void ChildRun::process_exited() {
  if (!child_) return;
  const twinwire::Duration grace = mistakes_.drops_last_words ? twinwire::Duration::zero() : pipes_grace;
  patience_ = loop_.call_later(grace, [transport = transport_] { transport.close(); });
}

void ChildRun::connection_lost(twinwire::error_code) {
  patience_.cancel();
  if (!child_) return;
  for (Lines& lines : lines_) lines.finish([&](std::string_view line) { child_->said(line); });
  child_->ended(transport_.get_returncode().value_or(-1));
}

}  // namespace supervisor
