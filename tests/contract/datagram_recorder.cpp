#include "datagram_recorder.hpp"

#include <algorithm>

namespace twinwire::contract {
namespace {

/// Longer data is shown by its size.

}  // namespace

void DatagramRecorder::clear_hooks() {
  on_datagram = nullptr;
  on_error = nullptr;
}

void DatagramRecorder::sendto(std::string_view text, const std::optional<Address>& receiver) const {
  const UserCall inside;
  transport.sendto(text, receiver);
}

void DatagramRecorder::close() const {
  const UserCall inside;
  transport.close();
}

void DatagramRecorder::abort() const {
  const UserCall inside;
  transport.abort();
}

std::string DatagramRecorder::events() const {
  std::string text;
  for (const std::string& event : events_) text += (text.empty() ? "" : " ") + event;
  return text;
}

std::size_t DatagramRecorder::count(std::string_view event) const {
  return static_cast<std::size_t>(std::ranges::count(events_, event));
}

void DatagramRecorder::violation(const std::string& what) const {
  Violations::add(name() + ": " + what + " (after \"" + events() + "\")");
}

void DatagramRecorder::check_complete() const {
  if (made_ && !lost_) violation("connection_made was called, connection_lost was not");
}

void DatagramRecorder::enter(const std::string& event, bool anywhere) {
  if (UserCall::active() && !anywhere) violation(event + " on the stack of a user call");
  if (!made_) violation(event + " before connection_made");
  if (lost_) violation(event + " after connection_lost");
  events_.push_back(event);
}

void DatagramRecorder::connection_made(DatagramTransport made) {
  if (made_) violation("connection_made twice");
  made_ = true;
  transport = std::move(made);
  enter("CM");
}

void DatagramRecorder::datagram_received(Bytes data, const Address& sender) {
  received_.push_back({std::string(as_text(data)), sender});
  const std::string& text = received_.back().data;
  enter("DG:" + abbreviated(text));
  if (on_datagram) on_datagram(received_.back());
}

void DatagramRecorder::error_received(error_code error) {
  enter("EE:" + name_of(error));
  if (on_error) on_error(error);
}

void DatagramRecorder::pause_writing() {
  enter("PW", true);
  if (write_paused_) violation("pause_writing twice in a row");
  write_paused_ = true;
}

void DatagramRecorder::resume_writing() {
  enter("RW");
  if (!write_paused_) violation("resume_writing without pause_writing");
  write_paused_ = false;
}

void DatagramRecorder::connection_lost(error_code error) {
  const std::string reason = name_of(error);
  enter(reason.empty() ? "CL" : "CL:" + reason);
  lost_ = true;
}

}  // namespace twinwire::contract
