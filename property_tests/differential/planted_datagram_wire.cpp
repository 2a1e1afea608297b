#include "plant.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace twinwire::differential {
namespace {

/// What a long datagram is cut to.
constexpr std::size_t cut_size = 500;
/// That nobody has: for special purposes.
constexpr std::uint16_t other_port = 1;

/// Passes everything on, but for what the plant is about.
class PlantedDatagramWire final : public DatagramWire {
 public:
  PlantedDatagramWire(std::unique_ptr<DatagramWire> wire, Plant plant)
      : wire_(std::move(wire)), plant_(plant) {}

  void set_sink(WireSink* sink) override { wire_->set_sink(sink); }
  void close() override { wire_->close(); }
  std::optional<Address> local_address() const override { return wire_->local_address(); }
  std::optional<Address> remote_address() const override { return wire_->remote_address(); }
  NativeHandle native_handle() const override { return wire_->native_handle(); }
  error_code set_option(Option option, std::int64_t value) override {
    return wire_->set_option(option, value);
  }
  std::variant<std::int64_t, error_code> get_option(Option option) const override {
    return wire_->get_option(option);
  }
  bool is_connected() const override { return wire_->is_connected(); }
  NativeHandle release() override { return wire_->release(); }

  BatchResult receive_many(std::span<ReceivedDatagram> received) override {
    BatchResult result = wire_->receive_many(received);
    const auto came = received.first(result.count);
    for (ReceivedDatagram& datagram : came) {
      if (plant_ == Plant::cut_datagram)
        datagram.data = datagram.data.first(std::min(datagram.data.size(), cut_size));
      if (plant_ == Plant::forge_sender) datagram.sender = datagram.sender.with_port(other_port);
    }
    if (plant_ == Plant::lose_refusal && result.error == errc::connection_refused) {
      result.error = make_error(errc::operation_would_block);
      result.drained = true;
    }
    return result;
  }

  BatchResult send_many(std::span<const OutgoingDatagram> outgoing) override {
    BatchResult all;
    for (OutgoingDatagram datagram : outgoing) {
      const std::vector<std::byte> before =
          std::exchange(last_, std::vector<std::byte>(datagram.data.begin(), datagram.data.end()));
      // Of one size, so that only its bytes tell.
      if (plant_ == Plant::replace_datagram && before.size() == datagram.data.size()) datagram.data = before;
      const bool third = ++sent_ % 3 == 0;
      const bool lost = (plant_ == Plant::lose_datagram && third) ||
                        (plant_ == Plant::lose_empty_datagram && datagram.data.empty());
      const BatchResult one = lost ? BatchResult{1, {}, false} : wire_->send_many({&datagram, 1});
      all.count += one.count;
      all.error = one.error;
      if (one.error.failed() || one.count == 0) return all;
      if (plant_ == Plant::repeat_datagram && third) static_cast<void>(wire_->send_many({&datagram, 1}));
    }
    return all;
  }

 private:
  std::unique_ptr<DatagramWire> wire_;
  const Plant plant_;
  int sent_ = 0;
  std::vector<std::byte> last_;
};

}  // namespace

std::unique_ptr<DatagramWire> with_plant(std::unique_ptr<DatagramWire> wire, Plant plant) {
  if (!wire || plant == Plant::none) return wire;
  return std::make_unique<PlantedDatagramWire>(std::move(wire), plant);
}

}  // namespace twinwire::differential
