#include <twinwire/net/asio/datagram_core.hpp>
#include <twinwire/net/asio/io_operation.hpp>
#include <twinwire/net/loop.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include <boost/asio/error.hpp>

namespace twinwire::detail {
namespace {

/// As recvfrom(2): what does not fit is lost.
std::size_t deliver(const DatagramTarget& target, Bytes data, const Address& sender) {
  const std::size_t size = std::min(data.size(), target.space.size());
  std::copy_n(data.begin(), size, target.space.begin());
  if (target.sender) *target.sender = sender;
  return size;
}

}  // namespace

class DatagramCore::Protocol final : public DatagramProtocol {
 public:
  explicit Protocol(Ref<DatagramCore> core) : core_(std::move(core)) {}

  void connection_made(DatagramTransport transport) override {
    core_->transport_ = std::move(transport);
    if (core_->closed_) core_->transport_.abort();
  }
  void datagram_received(Bytes data, const Address& sender) override { core_->arrived(data, sender); }
  void error_received(error_code error) override { core_->failed(asio_error(error)); }
  void connection_lost(error_code) override { core_->lost(); }
  void pause_writing() override { core_->writing_paused_ = true; }
  void resume_writing() override { core_->resume_writing(); }

 private:
  const Ref<DatagramCore> core_;
};

class DatagramCore::Receive final : public IoOperation<std::size_t> {
 public:
  Receive(Ref<DatagramCore> core, const DatagramTarget& target, TransferCompletion&& done)
      : IoOperation(*core->loop_, std::move(done)), target(target), core_(std::move(core)) {
    core_->receive_ = this;
  }
  std::string description() const override { return "receive a datagram"; }

  const DatagramTarget target;

 private:
  void release_resources() noexcept override { core_->receive_ = nullptr; }

  const Ref<DatagramCore> core_;
};

class DatagramCore::Send final : public IoOperation<std::size_t> {
 public:
  Send(Ref<DatagramCore> core, DatagramToSend datagram, TransferCompletion&& done)
      : IoOperation(*core->loop_, std::move(done)), datagram(std::move(datagram)), core_(std::move(core)) {
    core_->send_ = this;
  }
  std::string description() const override { return "send a datagram"; }

  const DatagramToSend datagram;

 private:
  void release_resources() noexcept override { core_->send_ = nullptr; }

  const Ref<DatagramCore> core_;
};

// --- from the protocol ---

void DatagramCore::arrived(Bytes data, const Address& sender) {
  if (receive_) {
    receive_->complete({}, deliver(receive_->target, data, sender));
  } else if (waiting_bytes_ + data.size() + overhead > queue_bytes_max) {
    ++dropped_;
  } else {
    waiting_bytes_ += data.size() + overhead;
    waiting_.push_back({std::string(as_text(data)), sender});
  }
}

/// Of one that is being sent, or of an earlier one (ICMP): the system does not tell which.
void DatagramCore::failed(error_code error) {
  if (send_ && !writing_paused_) {
    send_->complete(error, 0);
  } else if (receive_) {
    receive_->complete(error, 0);
  } else {
    error_ = error;
  }
}

/// Closed: nothing else ends a datagram endpoint.
void DatagramCore::lost() {
  const Ref<DatagramCore> self(this);
  const error_code error = boost::asio::error::bad_descriptor;
  closed_ = true;
  if (receive_) receive_->complete_soon(error, 0);
  if (send_) send_->complete_soon(error, 0);
}

void DatagramCore::resume_writing() {
  writing_paused_ = false;
  if (send_) hand_over(*send_);
}

// --- for the socket ---

Operation DatagramCore::start_open(DatagramOptions options, IoCompletion&& done) {
  if (transport_ || open_ || closed_) {
    return complete_next(*loop_, std::move(done), boost::asio::error::already_open);
  }
  const auto shared = std::make_shared<IoCompletion>(std::move(done));
  try {
    open_ = loop_->create_datagram_endpoint(
        [self = Ref<DatagramCore>(this)] { return std::make_shared<Protocol>(self); }, std::move(options),
        [self = Ref<DatagramCore>(this), shared](const std::exception_ptr& failure, const DatagramEndpoint&) {
          self->open_ = {};
          (*shared)(asio_error(error_code_of(failure)));
        });
    return open_;
  } catch (const std::invalid_argument&) {
    return complete_next(*loop_, std::move(*shared), asio_error(errc::invalid_argument));
  }
}

error_code DatagramCore::take_error() {
  if (closed_ || !transport_) return boost::asio::error::bad_descriptor;
  return std::exchange(error_, {});
}

Operation DatagramCore::start_receive(const DatagramTarget& target, TransferCompletion&& done) {
  const error_code error = receive_ ? error_code(boost::asio::error::already_started) : take_error();
  if (error.failed()) return complete_next(*loop_, std::move(done), error, 0);
  const auto receive = make_ref<Receive>(Ref<DatagramCore>(this), target, std::move(done));
  if (!waiting_.empty()) {
    const Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= first.data.size() + overhead;
    receive->complete_soon({}, deliver(target, as_bytes(first.data), first.sender));
  }
  return Operation(receive);
}

Operation DatagramCore::start_send(DatagramToSend datagram, TransferCompletion&& done) {
  const error_code error = send_ ? error_code(boost::asio::error::already_started) : take_error();
  if (error.failed()) return complete_next(*loop_, std::move(done), error, 0);
  const auto send = make_ref<Send>(Ref<DatagramCore>(this), std::move(datagram), std::move(done));
  if (!writing_paused_) hand_over(*send);
  return Operation(send);
}

/// Gives the datagram to the transport, which sends or queues it. What the system has against it comes before
/// the call that completes it: in a later call, and from inside a receive in one that is made after this
/// turn.
void DatagramCore::hand_over(Send& send) {
  try {
    transport_.sendto(send.datagram.bytes(), send.datagram.receiver);
  } catch (const std::invalid_argument&) {
    send.complete_soon(send.datagram.receiver ? error_code(boost::asio::error::already_connected)
                                              : asio_error(errc::destination_address_required),
                       0);
    return;
  }
  loop_->call_soon([loop = loop_, handed_over = Ref<Send>(&send)] {
    loop->call_soon([handed_over] { handed_over->complete({}, handed_over->datagram.bytes().size()); });
  });
}

void DatagramCore::cancel() {
  const Ref<DatagramCore> self(this);
  const error_code reason = make_error(errc::operation_canceled);
  open_.cancel();
  if (receive_) receive_->cancel(reason);
  if (send_) send_->cancel(reason);
}

void DatagramCore::close() {
  closed_ = true;
  cancel();
  transport_.close();
}

}  // namespace twinwire::detail
