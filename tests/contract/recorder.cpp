#include "recorder.hpp"

#include <algorithm>
#include <array>

namespace twinwire::contract {
namespace {

/// Longer data is shown by its size.

}  // namespace

std::string name_of(error_code error) {
  if (!error.failed()) return {};
  if (error == Error::callback_failure) return "callback_failure";
  if (error == Error::loop_closed) return "loop_closed";
  static constexpr std::array<std::pair<errc::errc_t, const char*>, 18> names{
      {{errc::connection_reset, "connection_reset"},
       {errc::connection_refused, "connection_refused"},
       {errc::connection_aborted, "connection_aborted"},
       {errc::broken_pipe, "broken_pipe"},
       {errc::timed_out, "timed_out"},
       {errc::operation_canceled, "operation_aborted"},
       {errc::address_in_use, "address_in_use"},
       {errc::address_not_available, "address_not_available"},
       {errc::address_family_not_supported, "address_family_not_supported"},
       {errc::network_unreachable, "network_unreachable"},
       {errc::host_unreachable, "host_unreachable"},
       {errc::permission_denied, "permission_denied"},
       {errc::no_such_process, "no_such_process"},
       {errc::message_size, "message_size"},
       {errc::too_many_files_open, "too_many_files_open"},
       {errc::no_such_file_or_directory, "no_such_file_or_directory"},
       {errc::operation_not_supported, "operation_not_supported"},
       {errc::invalid_argument, "invalid_argument"}}};
  for (const auto& [condition, name] : names) {
    if (error == condition) return name;
  }
  return error.message();
}

void CheckedTransport::writelines(std::initializer_list<std::string_view> segments) const {
  std::vector<Bytes> parts;
  for (const std::string_view segment : segments) parts.push_back(as_bytes(segment));
  call([&] { transport_.writelines(parts); });
}

/// The callbacks of a Protocol, written down.
class Recorder::Plain final : public Protocol {
 public:
  explicit Plain(Recorder& recorder) : recorder_(&recorder) {}
  void connection_made(Transport transport) override { recorder_->connection_made(std::move(transport)); }
  void connection_lost(error_code error) override { recorder_->connection_lost(error); }
  void pause_writing() override { recorder_->pause_writing(); }
  void resume_writing() override { recorder_->resume_writing(); }
  void data_received(Bytes data) override { recorder_->data("DR", as_text(data)); }
  bool eof_received() override { return recorder_->eof_received(); }

 private:
  Recorder* recorder_;
};

/// The same for a BufferedProtocol.
class Recorder::Buffered final : public BufferedProtocol {
 public:
  explicit Buffered(Recorder& recorder) : recorder_(&recorder) {}
  void connection_made(Transport transport) override { recorder_->connection_made(std::move(transport)); }
  void connection_lost(error_code error) override { recorder_->connection_lost(error); }
  void pause_writing() override { recorder_->pause_writing(); }
  void resume_writing() override { recorder_->resume_writing(); }
  MutableBytes get_buffer(std::ptrdiff_t hint) override { return recorder_->get_buffer(hint); }
  void buffer_updated(std::size_t size) override { recorder_->buffer_updated(size); }
  bool eof_received() override { return recorder_->eof_received(); }

 private:
  Recorder* recorder_;
};

Recorder::Recorder(std::string name)
    : Witness(std::move(name)),
      plain_(std::make_unique<Plain>(*this)),
      buffered_(std::make_unique<Buffered>(*this)) {}

Recorder::~Recorder() = default;

// Who holds one of the two holds the recorder.
std::shared_ptr<BaseProtocol> Recorder::protocol() {
  return {shared_from_this(), plain_.get()};
}

std::shared_ptr<BaseProtocol> Recorder::buffered_protocol() {
  return {shared_from_this(), buffered_.get()};
}

ProtocolFactory Recorder::factory() {
  return
      [self = shared_from_this()] { return self->buffered ? self->buffered_protocol() : self->protocol(); };
}

void Recorder::clear_hooks() {
  on_made = nullptr;
  on_data = nullptr;
  on_eof = nullptr;
  on_lost = nullptr;
  on_pause = nullptr;
  on_resume = nullptr;
  on_get_buffer = nullptr;
}

// --- what happened ---

std::string Recorder::events() const {
  std::string text;
  for (const auto& [kind, detail] : events_) {
    if (!text.empty()) text += ' ';
    text += kind;
    if (detail.empty()) continue;
    text += ':';
    text += abbreviated(detail);
  }
  return text;
}

std::size_t Recorder::count(std::string_view step) const {
  return static_cast<std::size_t>(std::ranges::count(steps_, step));
}

void Recorder::joins(const CheckedTransport& existing) {
  transport = existing;
  made_ = true;
}

void Recorder::violation(const std::string& what) const {
  Violations::add(name() + ": " + what + " (after \"" + events() + "\")");
}

void Recorder::check_complete() const {
  if (!made_ || left_ || lost_) return;
  violation("connection_made was called, connection_lost was not");
}

// --- the callbacks ---

void Recorder::enter(std::string_view step, bool anywhere) {
  if (UserCall::active() && !anywhere) violation(std::string(step) + " on the stack of a user call");
  if (!made_) violation(std::string(step) + " before connection_made");
  if (lost_) violation(std::string(step) + " after connection_lost");
  if (left_) violation(std::string(step) + " after the connection went to another protocol");
  const bool carries_data = step == "DR" || step == "BU" || step == "GB" || step == "ER";
  if (eof_ && carries_data) violation(std::string(step) + " after eof_received");
}

void Recorder::connection_made(Transport made_transport) {
  if (made_) violation("connection_made twice");
  made_ = true;
  enter("CM");
  steps_.push_back("CM");
  events_.emplace_back("CM", "");
  transport = CheckedTransport(std::move(made_transport));
  if (start_paused) transport.pause_reading();
  if (send_buffer) transport.set_option(Option::send_buffer_size, *send_buffer);
  if (receive_buffer) transport.set_option(Option::receive_buffer_size, *receive_buffer);
  if (on_made) on_made();
}

void Recorder::data(std::string_view kind, std::string_view bytes) {
  enter(kind);
  if (bytes.empty()) violation(std::string(kind) + " without a byte");
  steps_.push_back(std::string(kind) + ":" + std::to_string(bytes.size()));
  if (events_.empty() || events_.back().first != kind) events_.emplace_back(kind, "");
  events_.back().second += bytes;
  received_ += bytes;
  if (on_data) on_data(bytes);
}

bool Recorder::eof_received() {
  enter("ER");
  eof_ = true;
  steps_.push_back("ER");
  events_.emplace_back("ER", "");
  if (on_eof) on_eof();
  return keep_open;
}

void Recorder::connection_lost(error_code error) {
  enter("CL");
  lost_ = true;
  error_ = error;
  const std::string reason = name_of(error);
  steps_.push_back(reason.empty() ? "CL" : "CL:" + reason);
  events_.emplace_back("CL", reason);
  if (on_lost) on_lost(error);
}

void Recorder::pause_writing() {
  enter("PW", true);
  if (write_paused_) violation("pause_writing twice in a row");
  write_paused_ = true;
  steps_.push_back("PW");
  events_.emplace_back("PW", "");
  if (on_pause) on_pause();
}

void Recorder::resume_writing() {
  enter("RW");
  if (!write_paused_) violation("resume_writing without pause_writing");
  write_paused_ = false;
  steps_.push_back("RW");
  events_.emplace_back("RW", "");
  if (on_resume) on_resume();
}

MutableBytes Recorder::get_buffer(std::ptrdiff_t hint) {
  enter("GB");
  steps_.push_back("GB");
  if (hint == 0 || hint < -1) violation("get_buffer with the hint " + std::to_string(hint));
  buffer_ = on_get_buffer ? on_get_buffer(hint) : MutableBytes(space_);
  return buffer_;
}

void Recorder::buffer_updated(std::size_t size) {
  if (steps_.empty() || steps_.back() != "GB") violation("buffer_updated without get_buffer before it");
  if (size > buffer_.size()) violation("buffer_updated with more than the buffer holds");
  data("BU", as_text(buffer_.first(std::min(size, buffer_.size()))));
}

}  // namespace twinwire::contract
