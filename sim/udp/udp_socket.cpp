#include <twinwire/sim/host.hpp>
#include <twinwire/sim/socket_options.hpp>
#include <twinwire/sim/udp/udp_socket.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <utility>

namespace twinwire::sim {
namespace {

/// What the length field of UDP, and over IPv4 that of IP, leaves for the payload.
constexpr std::size_t largest_ipv4 = 65'507;
constexpr std::size_t largest_ipv6 = 65'527;

}  // namespace

UdpSocket::UdpSocket(Host& host, const UdpBinding& binding, NativeHandle handle)
    : host_(host),
      binding_(binding),
      handle_(handle),
      send_buffer_(host.options().send_buffer_size),
      receive_buffer_(host.options().receive_buffer_size) {
  if (binding_.local.port() != 0) host_.udp().join(*this);
}

UdpSocket::~UdpSocket() {
  close();
}

// --- events ---

void UdpSocket::set_sink(WireSink* sink) {
  sink_ = sink;
  if (sink_ && (!queue_.empty() || error_.failed())) {
    host_.world().schedule(again_, host_.world().time());
  } else {
    again_.cancel();
  }
}

void UdpSocket::tell_again() {
  host_.world().set_current(host_, "ready again");
  if (sink_) sink_->on_readable();
}

void UdpSocket::deliver(const Address& sender, Bytes data) {
  const std::size_t size = data.size() + datagram_overhead;
  if (queued_bytes_ + size > receive_buffer_) return;
  queued_bytes_ += size;
  queue_.push_back({sender, {data.begin(), data.end()}});
  if (sink_) sink_->on_readable();
}

void UdpSocket::note_error(error_code error) {
  error_ = error;
  if (sink_) sink_->on_readable();
}

/// The first of those that wait has left the host. As Linux does: who waits hears of room once a third of the
/// buffer is free.
void UdpSocket::departed() {
  leaving_bytes_ -= leaving_.front().bytes;
  leaving_.pop_front();
  if (!leaving_.empty()) host_.world().schedule(departure_, leaving_.front().when);
  if (!wants_writable_ || leaving_bytes_ * 3 > std::size_t{send_buffer_} * 2) return;
  wants_writable_ = false;
  host_.world().set_current(host_, "datagram left");
  if (sink_) sink_->on_writable();
}

// --- datagrams ---

BatchResult UdpSocket::receive_many(std::span<ReceivedDatagram> received) {
  if (!open_) return {0, make_error(errc::bad_file_descriptor), true};
  if (error_.failed()) return {0, std::exchange(error_, {}), false};
  if (queue_.empty()) return {0, make_error(errc::operation_would_block), true};
  taken_.clear();
  while (taken_.size() < received.size() && !queue_.empty()) {
    queued_bytes_ -= queue_.front().data.size() + datagram_overhead;
    taken_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  for (std::size_t i = 0; i < taken_.size(); ++i) received[i] = {taken_[i].data, taken_[i].sender};
  return {taken_.size(), {}, queue_.empty()};
}

BatchResult UdpSocket::send_many(std::span<const OutgoingDatagram> outgoing) {
  BatchResult result;
  for (const OutgoingDatagram& datagram : outgoing) {
    result.error = send_one(datagram);
    if (result.error.failed()) break;
    ++result.count;
  }
  return result;
}

error_code UdpSocket::send_one(const OutgoingDatagram& datagram) {
  if (!open_) return make_error(errc::bad_file_descriptor);
  if (error_.failed()) return std::exchange(error_, {});
  const Address* to = datagram.receiver ? datagram.receiver : binding_.remote ? &*binding_.remote : nullptr;
  if (!to) return make_error(errc::destination_address_required);
  if (to->family() != binding_.family) return make_error(errc::address_family_not_supported);
  if (to->port() == 0) return make_error(errc::invalid_argument);
  if (UdpStack::is_broadcast(*to) && !binding_.allow_broadcast) return make_error(errc::permission_denied);
  const std::size_t largest = to->family() == Family::ipv4 ? largest_ipv4 : largest_ipv6;
  if (datagram.data.size() > largest) return make_error(errc::message_size);
  const std::size_t size = datagram.data.size() + datagram_overhead;
  if (!leaving_.empty() && leaving_bytes_ + size > send_buffer_) {
    wants_writable_ = true;
    return make_error(errc::operation_would_block);
  }
  const bool had_port = binding_.local.port() != 0;
  if (const error_code error = host_.udp().bind_for(binding_, *to); error.failed()) return error;
  if (!had_port) host_.udp().join(*this);
  const TimePoint departure = host_.udp().send(binding_, *to, datagram.data);
  if (departure > host_.world().time()) {
    leaving_bytes_ += size;
    leaving_.push_back({departure, size});
    if (!departure_.scheduled()) host_.world().schedule(departure_, departure);
  }
  return {};
}

// --- the end ---

void UdpSocket::close() {
  if (!open_) return;
  open_ = false;
  set_sink(nullptr);
  departure_.cancel();
  host_.udp().leave(*this);
  host_.close_descriptor(handle_);
}

// --- options ---

error_code UdpSocket::set_option(Option option, std::int64_t value) {
  if (!open_) return make_error(errc::bad_file_descriptor);
  if (const error_code error = detail::check_option(option, value); error.failed()) return error;
  switch (option) {
    case Option::keep_alive:
      plain_options_[0] = value != 0;
      break;
    case Option::linger_s:
      plain_options_[1] = value;
      break;
    case Option::send_buffer_size:
      send_buffer_ = buffer_size(option, value);
      break;
    case Option::receive_buffer_size:
      receive_buffer_ = buffer_size(option, value);
      break;
    default:
      return make_error(errc::no_protocol_option);  // those of TCP
  }
  return {};
}

std::variant<std::int64_t, error_code> UdpSocket::get_option(Option option) const {
  if (!open_) return make_error(errc::bad_file_descriptor);
  switch (option) {
    case Option::keep_alive:
      return plain_options_[0];
    case Option::linger_s:
      return plain_options_[1];
    case Option::send_buffer_size:
      return std::int64_t{send_buffer_};
    case Option::receive_buffer_size:
      return std::int64_t{receive_buffer_};
    default:
      return make_error(errc::no_protocol_option);
  }
}

}  // namespace twinwire::sim
