#include <twinwire/net/state/datagram_state.hpp>

#include <array>
#include <stdexcept>

namespace twinwire::detail {
namespace {

/// Batches per event before others get their turn.
constexpr int batches_per_event = 4;

}  // namespace

DatagramState::DatagramState(Loop& loop, std::unique_ptr<DatagramWire> wire)
    : TransportLife(loop), wire_(std::move(wire)), connected_(wire_->is_connected()) {}

DatagramState::~DatagramState() = default;

bool DatagramState::start(std::shared_ptr<DatagramProtocol> protocol) {
  const Ref<DatagramState> self(this);
  set_protocol(std::move(protocol));
  publish("connection_made", {});
  const bool made =
      call_protocol("connection_made", [&] { receiver_->connection_made(DatagramTransport(self)); });
  if (is_sending()) wire_->set_sink(this);
  return made;
}

void DatagramState::abort() {
  if (is_sending()) lose({});
}

void DatagramState::check_protocol(BaseProtocol* protocol) {
  if (!protocol) throw std::invalid_argument("there is no protocol: a null pointer was given");
  if (!dynamic_cast<DatagramProtocol*>(protocol)) {
    throw std::invalid_argument("a datagram transport needs a DatagramProtocol");
  }
}

void DatagramState::set_protocol(std::shared_ptr<BaseProtocol> protocol) {
  if (state_ == State::gone) return;
  check_protocol(protocol.get());
  receiver_ = dynamic_cast<DatagramProtocol*>(protocol.get());
  replace_protocol(std::move(protocol));
}

// --- receiving ---

void DatagramState::on_readable() {
  if (state_ != State::open) return;
  const Ref<DatagramState> self(this);
  for (int batches = 0; batches < batches_per_event; ++batches) {
    if (!receive_once()) return;
  }
  read_soon();
}

/// Receives and delivers one batch. True if there may be more, and it is wanted.
bool DatagramState::receive_once() {
  std::array<ReceivedDatagram, DatagramWire::batch_size> batch;
  const BatchResult result = wire_->receive_many(batch);
  if (result.count == 0 && result.error.failed()) {
    if (would_block(result.error)) return false;
    deliver_error(result.error);
    return state_ == State::open;
  }
  gathering_ = true;
  for (std::size_t i = 0; i < result.count && state_ == State::open; ++i) {
    publish("datagram_received", batch[i].data);
    loop_->guard([&] { receiver_->datagram_received(batch[i].data, batch[i].sender); },
                 "datagram_received threw an exception");
  }
  gathering_ = false;
  if (!queue_.empty()) on_writable();
  return !result.drained && state_ == State::open;
}

/// Goes on receiving in the next turn, after others had theirs.
void DatagramState::read_soon() {
  if (read_pending_) return;
  read_pending_ = true;
  loop_->call_soon([self = Ref<DatagramState>(this)] {
    self->read_pending_ = false;
    self->on_readable();
  });
}

void DatagramState::deliver_error(error_code error) {
  if (state_ == State::gone) return;
  publish("error_received", {}, error);
  loop_->guard([&] { receiver_->error_received(error); }, "error_received threw an exception");
}

void DatagramState::deliver_error_soon(error_code error) {
  loop_->call_soon([self = Ref<DatagramState>(this), error] { self->deliver_error(error); });
}

// --- sending ---

void DatagramState::sendto(Bytes data, const std::optional<Address>& receiver) {
  if (state_ == State::gone) return;
  if (connected_ && receiver && receiver != wire_->remote_address()) {
    throw std::invalid_argument("sendto: a connected endpoint cannot send to " + receiver->to_string());
  }
  if (!connected_ && !receiver) {
    throw std::invalid_argument("sendto: no receiver was given, and this endpoint is not connected");
  }
  if (state_ != State::open) return;
  // A connected socket has its receiver, and some systems refuse to be told again.
  const std::optional<Address>& to = connected_ ? std::nullopt : receiver;
  if (gathering_ || !queue_.empty()) {
    enqueue(data, to);
    return;
  }
  const OutgoingDatagram datagram{data, to ? &*to : nullptr};
  const BatchResult result = wire_->send_many({&datagram, 1});
  if (result.count == 1) return;
  if (would_block(result.error)) {
    enqueue(data, to);
  } else {
    deliver_error_soon(result.error);
  }
}

void DatagramState::enqueue(Bytes data, const std::optional<Address>& receiver) {
  queue_.push(data, receiver);
  // Answers wait for each other, but not for so long that this alone would pause the writer.
  if (gathering_ && (queue_.count() >= DatagramWire::batch_size || queue_.size() > flow_.limits().high)) {
    send_queued();
  }
  check_pause();
}

void DatagramState::send_queued() {
  std::array<OutgoingDatagram, DatagramWire::batch_size> space;
  while (!queue_.empty()) {
    const BatchResult result = wire_->send_many(queue_.front(space));
    queue_.pop(result.count);
    if (!result.error.failed()) continue;
    if (would_block(result.error)) return;
    queue_.pop(1);
    deliver_error_soon(result.error);
  }
}

void DatagramState::on_writable() {
  if (!is_sending() || queue_.empty()) return;
  const Ref<DatagramState> self(this);
  send_queued();
  after_drain();
}

/// Some datagrams went out: what had to wait for that?
void DatagramState::after_drain() {
  check_resume();
  if (state_ != State::flushing || !queue_.empty()) return;
  // Behind the errors that are on their way to the protocol.
  lose({});
}

}  // namespace twinwire::detail

namespace twinwire {

DatagramTransport::DatagramTransport(detail::Ref<detail::DatagramState> state) noexcept
    : BaseTransport(state) {}

void DatagramTransport::sendto(Bytes data, const std::optional<Address>& receiver) const {
  if (base_state()) static_cast<detail::DatagramState&>(*base_state()).sendto(data, receiver);
}

}  // namespace twinwire
