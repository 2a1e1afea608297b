#include "datagram_endpoint.hpp"

#include <algorithm>

namespace twinwire::differential {
namespace {

/// So that none is dropped that arrives while the loop does not run.
constexpr std::int64_t datagram_buffer = 1024 * 1024;

}  // namespace

class DatagramEndpoint::Receiver final : public DatagramProtocol {
 public:
  explicit Receiver(std::shared_ptr<DatagramEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
  void connection_made(DatagramTransport transport) override {
    endpoint_->connection_made(std::move(transport));
  }
  void connection_lost(error_code error) override { endpoint_->note_lost(error); }
  void pause_writing() override { endpoint_->note_pause(); }
  void resume_writing() override { endpoint_->note_resume(); }
  void datagram_received(Bytes data, const Address&) override { endpoint_->datagram_received(data); }
  void error_received(error_code error) override { endpoint_->note("EE: " + describe(error)); }

 private:
  std::shared_ptr<DatagramEndpoint> endpoint_;
};

std::shared_ptr<DatagramProtocol> DatagramEndpoint::protocol() {
  return std::make_shared<Receiver>(std::static_pointer_cast<DatagramEndpoint>(shared_from_this()));
}

void DatagramEndpoint::connection_made(DatagramTransport transport) {
  transport_ = std::move(transport);
  transport_.set_option(Option::receive_buffer_size, datagram_buffer);
  transport_.set_option(Option::send_buffer_size, datagram_buffer);
  note_made();
}

void DatagramEndpoint::datagram_received(Bytes data) {
  const bool intact = std::ranges::equal(data, bytes_of(1 - side(), 0, data.size()));
  note((intact ? "DG:" : "WRONG: other bytes than were sent:") + std::to_string(data.size()));
}

void DatagramEndpoint::act(const Step& step) {
  switch (step.action) {
    case Action::write:
      return transport_.sendto(bytes_of(side(), 0, step.size), peer_);
    case Action::limits:
      return transport_.set_write_buffer_limits(static_cast<std::ptrdiff_t>(step.size));
    case Action::close:
      return transport_.close();
    case Action::abort:
      return transport_.abort();
    default:
      return;
  }
}

std::string DatagramEndpoint::state() const {
  std::string text = transport_.is_closing() ? "closing" : "open";
  if (transport_.get_write_buffer_size() != 0) text += ", has buffered";
  if (writing_paused()) text += ", is paused";
  return text;
}

}  // namespace twinwire::differential
