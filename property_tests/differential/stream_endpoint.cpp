#include "stream_endpoint.hpp"

#include <array>

namespace twinwire::differential {
namespace {

constexpr std::size_t own_buffer_size = 3000;

}  // namespace

class StreamEndpoint::Plain final : public Protocol {
 public:
  explicit Plain(StreamEndpoint& endpoint) : endpoint_(endpoint) {}
  void connection_made(Transport transport) override { endpoint_.connection_made(std::move(transport)); }
  void connection_lost(error_code error) override { endpoint_.note_lost(error); }
  void pause_writing() override { endpoint_.note_pause(); }
  void resume_writing() override { endpoint_.note_resume(); }
  bool eof_received() override { return endpoint_.eof_received(); }
  void data_received(Bytes data) override {
    endpoint_.note_data("DR", endpoint_.received_, data, 1 - endpoint_.side());
  }

 private:
  StreamEndpoint& endpoint_;
};

class StreamEndpoint::Buffered final : public BufferedProtocol {
 public:
  explicit Buffered(StreamEndpoint& endpoint) : endpoint_(endpoint) {}
  void connection_made(Transport transport) override { endpoint_.connection_made(std::move(transport)); }
  void connection_lost(error_code error) override { endpoint_.note_lost(error); }
  void pause_writing() override { endpoint_.note_pause(); }
  void resume_writing() override { endpoint_.note_resume(); }
  bool eof_received() override { return endpoint_.eof_received(); }
  MutableBytes get_buffer(std::ptrdiff_t) override { return buffer_; }
  void buffer_updated(std::size_t size) override {
    endpoint_.note_data("BU", endpoint_.received_, Bytes(buffer_).first(size), 1 - endpoint_.side());
  }

 private:
  StreamEndpoint& endpoint_;
  std::array<std::byte, own_buffer_size> buffer_{};
};

StreamEndpoint::StreamEndpoint(int side, Loop& loop, TlsContexts tls, std::optional<std::int64_t> buffer_size)
    : Endpoint(side),
      loop_(loop),
      tls_(std::move(tls)),
      buffer_size_(buffer_size),
      plain_(std::make_unique<Plain>(*this)),
      buffered_(std::make_unique<Buffered>(*this)) {}

StreamEndpoint::~StreamEndpoint() = default;

// Who holds one of the two holds the endpoint.
std::shared_ptr<BaseProtocol> StreamEndpoint::protocol() {
  BaseProtocol* const used = uses_buffered_ ? static_cast<BaseProtocol*>(buffered_.get()) : plain_.get();
  return {shared_from_this(), used};
}

void StreamEndpoint::end() {
  corks_.clear();
  transport_.abort();
}

// --- callbacks ---

void StreamEndpoint::connection_made(Transport transport) {
  transport_ = std::move(transport);
  note_made();
  if (!buffer_size_) return;
  transport_.set_option(Option::send_buffer_size, *buffer_size_);
  transport_.set_option(Option::receive_buffer_size, *buffer_size_);
}

bool StreamEndpoint::eof_received() {
  note("ER");
  ends_ = true;
  return holds_;
}

// --- what a program does ---

void StreamEndpoint::act(const Step& step) {
  switch (step.action) {
    case Action::write:
    case Action::writelines:
      return write(step);
    case Action::cork:
      corks_.push_back(std::make_unique<Cork>(detail::Ref<detail::TransportState>(transport_.state())));
      return;
    case Action::uncork:
      if (!corks_.empty()) corks_.pop_back();
      return;
    case Action::pause:
      return transport_.pause_reading();
    case Action::resume:
      return transport_.resume_reading();
    case Action::limits:
      return transport_.set_write_buffer_limits(static_cast<std::ptrdiff_t>(step.size));
    case Action::hold:
      holds_ = true;
      return;
    case Action::switch_protocol:
      uses_buffered_ = !uses_buffered_;
      return transport_.set_protocol(protocol());
    case Action::start_tls:
      return start_tls(step);
    case Action::write_eof:
      ends_ = true;
      return transport_.write_eof();
    case Action::close:
      return transport_.close();
    case Action::abort:
      return transport_.abort();
    default:
      return;
  }
}

void StreamEndpoint::write(const Step& step) {
  const Bytes bytes = bytes_of(side(), written_, step.size);
  if (step.action == Action::write) {
    transport_.write(bytes);
  } else {
    const std::size_t third = bytes.size() / 3;
    const std::array parts{bytes.first(third), bytes.subspan(third, third), bytes.subspan(2 * third)};
    transport_.writelines(parts);
  }
  // What a closing transport does not take is the last of the stream, whatever is written then.
  written_ += step.size;
}

bool StreamEndpoint::can_start_tls() const {
  return made() && transport_.is_reading() && !transport_.is_closing() && !ends_ && corks_.empty();
}

void StreamEndpoint::start_tls(const Step& step) {
  const bool is_client = step.side == side();
  StartTlsOptions options = is_client ? StartTlsOptions(tls_.client, tls_name) : StartTlsOptions(tls_.server);
  options.tls_handshake_timeout = tls_timeout;
  options.tls_shutdown_timeout = tls_timeout;
  const auto done = [self = shared_from_this(), this](std::exception_ptr failure, Transport secure) {
    note(failure ? "start_tls failed" : "start_tls");
    if (!failure) transport_ = std::move(secure);
  };
  loop_.start_tls(transport_, protocol(), std::move(options), done);
}

std::string StreamEndpoint::state() const {
  std::string text = transport_.is_closing() ? "closing" : "open";
  if (transport_.is_reading()) text += ", reads";
  if (transport_.can_write_eof()) text += ", can write EOF";
  if (transport_.get_write_buffer_size() != 0) text += ", has buffered";
  if (writing_paused()) text += ", is paused";
  if (!corks_.empty()) text += ", is corked";
  return text;
}

}  // namespace twinwire::differential
