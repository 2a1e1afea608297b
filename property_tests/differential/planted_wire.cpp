#include "plant.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace twinwire::differential {
namespace {

/// A long read or write.
constexpr std::size_t long_size = 500;

/// Passes everything on, but for what the plant is about.
class PlantedWire final : public Wire, public WireSink {
 public:
  PlantedWire(std::unique_ptr<Wire> wire, Plant plant) : wire_(std::move(wire)), plant_(plant) {}

  void set_sink(WireSink* sink) override {
    sink_ = sink;
    wire_->set_sink(sink ? this : nullptr);
  }
  void close() override {
    if (plant_ == Plant::keep_stdin && wire_->direction() == Direction::send) return;
    plant_ == Plant::close_aborts ? wire_->abort() : wire_->close();
  }
  void abort() override { plant_ == Plant::abort_closes ? wire_->close() : wire_->abort(); }
  std::optional<Address> local_address() const override { return wire_->local_address(); }
  std::optional<Address> remote_address() const override { return wire_->remote_address(); }
  NativeHandle native_handle() const override { return wire_->native_handle(); }
  const char* handle_name() const override { return wire_->handle_name(); }
  error_code set_option(Option option, std::int64_t value) override {
    return wire_->set_option(option, value);
  }
  std::variant<std::int64_t, error_code> get_option(Option option) const override {
    return wire_->get_option(option);
  }
  Direction direction() const override { return wire_->direction(); }
  error_code finish_connect() override {
    const error_code error = wire_->finish_connect();
    return error.failed() || plant_ != Plant::refuse_handshake ? error : make_error(errc::protocol_error);
  }
  error_code take_error() override { return wire_->take_error(); }
  NativeHandle release() override { return wire_->release(); }
  bool can_shutdown_write() const override {
    if (plant_ == Plant::half_close_of_tls) return true;
    return plant_ != Plant::no_half_close && wire_->can_shutdown_write();
  }
  ExtraInfo extra_info(std::string_view name) const override { return wire_->extra_info(name); }
  void begin_close() override { wire_->begin_close(); }
  error_code finish_close() override {
    return plant_ == Plant::lose_farewell ? error_code{} : wire_->finish_close();
  }
  bool is_layer() const override { return wire_->is_layer(); }
  std::size_t held() const override { return wire_->held(); }
  bool is_closing() const override { return wire_->is_closing(); }
  std::size_t default_high_water() const override { return wire_->default_high_water(); }

  error_code shutdown_write() override {
    if (plant_ == Plant::lose_eof) return {};
    ended_ = true;
    return wire_->shutdown_write();
  }

  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;

 private:
  void on_readable() override {
    if (plant_ == Plant::lose_readable && ++arrivals_ % 2 == 0) return;
    if (sink_) sink_->on_readable();
  }
  void on_writable() override {
    const bool connected = writes_ != 0;
    if (sink_ && !(plant_ == Plant::lose_writable && connected)) sink_->on_writable();
  }
  void on_hang_up() override {
    if (sink_ && plant_ != Plant::lose_end) sink_->on_hang_up();
  }

  std::unique_ptr<Wire> wire_;
  const Plant plant_;
  WireSink* sink_ = nullptr;
  int arrivals_ = 0;
  int reads_ = 0;
  int writes_ = 0;
  bool ended_ = false;
};

IoResult PlantedWire::read_some(MutableBytes buffer) {
  if (plant_ == Plant::early_eof && reads_ > 0) return {0, {}, true};
  if (plant_ == Plant::eof_ends_both && ended_) return {0, {}, true};
  IoResult result = wire_->read_some(buffer);
  const bool moved = result.bytes != 0;
  if (moved) ++reads_;
  if (plant_ == Plant::lose_record && moved && reads_ == 2)
    return {0, make_error(errc::operation_would_block), true};
  const bool at_end = !moved && !result.error.failed();
  const bool reset = result.error == errc::connection_reset;
  if (plant_ == Plant::flip_bit && result.bytes >= long_size) buffer[long_size - 1] ^= std::byte{1};
  if (plant_ == Plant::eof_is_reset && at_end) result.error = make_error(errc::connection_reset);
  if (plant_ == Plant::farewell_is_late && at_end) result.error = make_error(errc::operation_would_block);
  if (plant_ == Plant::truncation_is_end && result.error.failed() && !result.would_block()) result.error = {};
  if (plant_ == Plant::reset_is_eof && reset) result.error = {};
  if (plant_ == Plant::reset_is_timeout && reset) result.error = make_error(errc::timed_out);
  return result;
}

IoResult PlantedWire::write_some(std::span<const Bytes> buffers) {
  ++writes_;
  std::vector<Bytes> parts(buffers.begin(), buffers.end());
  std::size_t size = 0;
  for (const Bytes part : parts) size += part.size();
  if (plant_ == Plant::write_breaks && writes_ == 3) return {0, make_error(errc::broken_pipe), false};
  if (plant_ == Plant::takes_nothing && size >= long_size) {
    return {0, make_error(errc::operation_would_block), false};
  }
  if (plant_ == Plant::swap_parts) std::ranges::reverse(parts);
  if (plant_ == Plant::lose_byte && size >= long_size && parts.size() == 1) {
    parts[0] = parts[0].first(size - 1);
    IoResult result = wire_->write_some(parts);
    if (result.bytes == size - 1) result.bytes = size;
    return result;
  }
  IoResult result = wire_->write_some(parts);
  if (plant_ == Plant::repeat_byte && result.bytes == size) {
    const Bytes last = parts.back().last(std::min<std::size_t>(parts.back().size(), 1));
    if (!last.empty()) static_cast<void>(wire_->write_some({&last, 1}));
  }
  return result;
}

}  // namespace

std::unique_ptr<Wire> with_plant(std::unique_ptr<Wire> wire, Plant plant) {
  if (!wire || plant == Plant::none || is_of_tls(plant) != wire->is_layer()) return wire;
  return std::make_unique<PlantedWire>(std::move(wire), plant);
}

}  // namespace twinwire::differential
