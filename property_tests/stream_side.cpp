#include "stream_side.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace twinwire::property {

class StreamSide::Plain final : public Protocol {
 public:
  explicit Plain(StreamSide& side) : side_(side) {}
  void connection_made(Transport transport) override { side_.on_made(std::move(transport)); }
  void connection_lost(error_code error) override { side_.on_lost(error); }
  void pause_writing() override { side_.on_pause(); }
  void resume_writing() override { side_.on_resume(); }
  void data_received(Bytes data) override { side_.on_data(data); }
  bool eof_received() override { return side_.on_eof(); }

 private:
  StreamSide& side_;
};

class StreamSide::Buffered final : public BufferedProtocol {
 public:
  Buffered(StreamSide& side, std::size_t size) : side_(side), buffer_(size) {}
  void connection_made(Transport transport) override { side_.on_made(std::move(transport)); }
  void connection_lost(error_code error) override { side_.on_lost(error); }
  void pause_writing() override { side_.on_pause(); }
  void resume_writing() override { side_.on_resume(); }
  MutableBytes get_buffer(std::ptrdiff_t) override {
    side_.expect_alive("get_buffer");
    return buffer_;
  }
  void buffer_updated(std::size_t size) override { side_.on_data(Bytes(buffer_).first(size)); }
  bool eof_received() override { return side_.on_eof(); }

 private:
  StreamSide& side_;
  std::vector<std::byte> buffer_;
};

std::byte byte_at(int side, std::uint64_t offset) noexcept {
  const std::uint64_t mixed = (offset + 1) * 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(side + 1);
  return static_cast<std::byte>(mixed >> 56);
}

StreamSide::StreamSide(int number, const SideProgram& program, std::uint64_t salt)
    : number_(number),
      program_(program),
      salt_(salt),
      plain_(std::make_shared<Plain>(*this)),
      buffered_(std::make_shared<Buffered>(*this, std::max<std::size_t>(1, program.buffer_size))) {}

std::shared_ptr<BaseProtocol> StreamSide::protocol() {
  return program_.buffer_size == 0 ? plain_ : buffered_;
}

void StreamSide::complain(const std::string& what) {
  complaints_ += "side " + std::to_string(number_) + ": " + what + "\n";
}

// --- callbacks ---

void StreamSide::expect_alive(const char* callback) {
  if (calls_ != 0) complain(std::string(callback) + " inside a call to the transport");
  if (!made_) complain(std::string(callback) + " before connection_made");
  if (lost_) complain(std::string(callback) + " after connection_lost");
}

void StreamSide::on_made(Transport transport) {
  if (made_) complain("connection_made twice");
  made_ = true;
  transport_ = std::move(transport);
  for (const Step& step : program_.opening) perform(step);
}

void StreamSide::on_data(Bytes data) {
  expect_alive("data");
  if (data.empty()) complain("no bytes in data_received");
  if (eof_received_) complain("data after eof_received");
  if (paused_) complain("data while reading was paused");
  if (closed_) complain("data after close");
  for (const std::byte byte : data) {
    const std::byte expected = byte_at(peer_->number_, received_) ^ static_cast<std::byte>(salt_);
    if (byte != expected) {
      complain("byte " + std::to_string(received_) + " is not what was written there");
      break;
    }
    ++received_;
  }
  if (!finishing_ && reactions_done_ < program_.reactions.size()) {
    perform(program_.reactions[reactions_done_++]);
  }
}

bool StreamSide::on_eof() {
  expect_alive("eof_received");
  if (eof_received_) complain("eof_received twice");
  if (paused_) complain("eof_received while reading was paused");
  if (closed_) complain("eof_received after close");
  eof_received_ = true;
  if (finishing_) {
    note_closed();
    ++calls_;
    transport_.close();
    --calls_;
    return true;
  }
  if (!program_.keep_open) note_closed();
  return program_.keep_open;
}

void StreamSide::on_lost(error_code error) {
  expect_alive("connection_lost");
  if (!transport_.is_closing()) complain("connection_lost, but is_closing() is false");
  lost_ = true;
  reason_ = error;
  if (error.failed() && aborted_while_open_) complain("an error in connection_lost after abort");
}

void StreamSide::on_pause() {
  // This one may come inside a call.
  if (!made_) complain("pause_writing before connection_made");
  if (lost_) complain("pause_writing after connection_lost");
  if (held_) complain("pause_writing twice");
  held_ = true;
  if (transport_.get_write_buffer_size() <= transport_.get_write_buffer_limits().high) {
    complain("pause_writing at or below the high-water mark");
  }
}

void StreamSide::on_resume() {
  expect_alive("resume_writing");
  if (!held_) complain("resume_writing without pause_writing");
  if (aborted_) complain("resume_writing after abort");
  held_ = false;
  if (transport_.get_write_buffer_size() > transport_.get_write_buffer_limits().low) {
    complain("resume_writing above the low-water mark");
  }
}

// --- what it does ---

std::vector<std::byte> StreamSide::next_bytes(std::size_t size) const {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = byte_at(number_, accepted() + i) ^ static_cast<std::byte>(salt_);
  }
  return bytes;
}

void StreamSide::write(std::size_t size, bool in_lines) {
  std::vector<std::byte> bytes = next_bytes(size);
  const bool was_closing = transport_.is_closing();
  const std::size_t buffered = transport_.get_write_buffer_size();
  bool refused = false;
  try {
    if (in_lines) {
      const Bytes all(bytes);
      const std::array<Bytes, 3> segments{all.first(size / 3), Bytes{}, all.subspan(size / 3)};
      transport_.writelines(segments);
    } else {
      transport_.write(bytes);
    }
  } catch (const std::logic_error&) {
    refused = true;
  }
  std::ranges::fill(bytes, std::byte{0});  // the transport has its own copy
  if (refused != eof_sent_) complain(refused ? "a write was refused" : "a write after write_eof was taken");
  if (refused || size == 0) {
    if (transport_.get_write_buffer_size() != buffered) complain("a write of nothing changed the buffer");
  } else if (was_closing) {
    late_bytes_ += size;
    late_.push_back(accepted());
  } else {
    promised_ += size;
  }
}

void StreamSide::note_closed() {
  if (closed_) return;
  closed_ = true;
  received_at_close_ = received_;
}

void StreamSide::perform(const Step& step) {
  if (!made_ || lost_) return;
  const bool was_closing = transport_.is_closing();
  ++calls_;
  switch (step.kind) {
    case Step::Kind::write:
    case Step::Kind::write_lines:
      write(step.size, step.kind == Step::Kind::write_lines);
      break;
    case Step::Kind::pause:
      if (!was_closing && !eof_received_) paused_ = true;
      transport_.pause_reading();
      break;
    case Step::Kind::resume:
      paused_ = false;
      transport_.resume_reading();
      break;
    case Step::Kind::cork:
      corks_.emplace_back(new Cork(transport_.cork()));
      break;
    case Step::Kind::uncork:
      if (!corks_.empty()) corks_.pop_back();
      break;
    case Step::Kind::limits:
      transport_.set_write_buffer_limits(static_cast<std::ptrdiff_t>(step.size));
      break;
    case Step::Kind::switch_protocol:
      transport_.set_protocol(transport_.get_protocol() == plain_ ? buffered_ : plain_);
      break;
    case Step::Kind::write_eof:
      if (!was_closing) eof_sent_ = true;
      transport_.write_eof();
      break;
    case Step::Kind::close:
      if (!was_closing) note_closed();
      transport_.close();
      break;
    case Step::Kind::abort:
      note_closed();
      aborted_ = true;
      // One that was closing already may have met an error before, which nobody can see until the end.
      if (!was_closing) aborted_while_open_ = true;
      transport_.abort();
      if (transport_.get_write_buffer_size() != 0) complain("something is buffered after abort");
      break;
  }
  --calls_;
  check_state();
}

void StreamSide::check_state() {
  const bool closing = transport_.is_closing();
  if (closed_ && !closing) complain("is_closing() is false after close");
  if (transport_.is_reading() != (!closing && !paused_ && !eof_received_)) complain("is_reading() is wrong");
  if (transport_.get_write_buffer_size() > accepted()) complain("more is buffered than was written");
}

void StreamSide::finish() {
  finishing_ = true;
  if (!made_ || lost_) return;
  while (!corks_.empty()) perform({Step::Kind::uncork, 0});
  perform({Step::Kind::resume, 0});
  perform({Step::Kind::write_eof, 0});
  if (eof_received_) perform({Step::Kind::close, 0});
}

// --- the verdict ---

bool StreamSide::cut_short() const noexcept {
  return aborted_ || (closed_ && received_at_close_ != peer_->accepted());
}

std::string StreamSide::verdict(bool both_complete) const {
  std::string text = complaints_;
  const auto wrong = [&](const std::string& what) {
    text += "side " + std::to_string(number_) + ": " + what + "\n";
  };
  if (made_ && !lost_) wrong("connection_made, but never connection_lost");
  if (received_ > peer_->accepted()) wrong("more was received than was written");
  if (!both_complete) return text;
  if (reason_.failed()) wrong("connection_lost with " + reason_.message() + " after an orderly end");
  if (received_ < peer_->promised_) {
    wrong("only " + std::to_string(received_) + " of " + std::to_string(peer_->promised_) + " bytes came");
  }
  if (received_ > peer_->promised_ && std::ranges::find(peer_->late_, received_) == peer_->late_.end()) {
    wrong("a part of what was written after close() came");
  }
  if (!closed_ || finishing_) {
    if (made_ && !eof_received_ && !closed_) wrong("the end of the stream was never told");
  }
  return text;
}

}  // namespace twinwire::property
