#include "datagram_endpoint.hpp"

#include <algorithm>

namespace twinwire::differential {
namespace {

/// So that none is dropped that arrives while the loop does not run.
constexpr std::int64_t datagram_buffer = 1024 * 1024;
/// Longer ones never leave, over IPv4.
constexpr std::size_t longest = 65'507;
/// The bytes of datagrams that follow each other are so far apart, so that none of one size are equal.
constexpr std::uint64_t datagram_distance = 9973;

Bytes bytes_of_datagram(int side, std::size_t number, std::size_t size) {
  return bytes_of(side, number * datagram_distance, size);
}

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
  void datagram_received(Bytes data, const Address& sender) override {
    endpoint_->datagram_received(data, sender);
  }
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

void DatagramEndpoint::expect_from(const DatagramEndpoint& sender) {
  sender_ = sender.address();
  expected_ = sender.sent_;
}

std::string DatagramEndpoint::wrong_with(Bytes data, const Address& sender) {
  if (!expected_ || received_ == expected_->size()) return "WRONG: one more than was sent";
  const std::size_t number = received_++;
  if (sender != sender_) return "WRONG: from " + sender.to_string();
  const Bytes sent = bytes_of_datagram(1 - side(), number, expected_->at(number));
  return std::ranges::equal(data, sent) ? "" : "WRONG: not what was sent as number " + std::to_string(number);
}

void DatagramEndpoint::datagram_received(Bytes data, const Address& sender) {
  std::string wrong = wrong_with(data, sender);
  if (!wrong.empty()) note(std::move(wrong));
  note("DG:" + std::to_string(data.size()));
}

void DatagramEndpoint::send(std::size_t size) {
  const Bytes data = bytes_of_datagram(side(), sent_->size(), size);
  if (size <= longest) sent_->push_back(size);
  transport_.sendto(data, peer_);
}

void DatagramEndpoint::act(const Step& step) {
  switch (step.action) {
    case Action::write:
      return send(step.size);
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
