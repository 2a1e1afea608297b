#include "plant.hpp"

#include <csignal>
#include <utility>

namespace twinwire::differential {
namespace {

/// Passes everything on, but for what the plant is about.
class PlantedProcessWire final : public ProcessWire, public WireSink {
 public:
  PlantedProcessWire(std::unique_ptr<ProcessWire> wire, Plant plant)
      : wire_(std::move(wire)), plant_(plant) {}

  void set_sink(WireSink* sink) override {
    sink_ = sink;
    wire_->set_sink(sink ? this : nullptr);
  }
  void close() override { wire_->close(); }
  NativeHandle native_handle() const override { return wire_->native_handle(); }
  error_code start() override { return wire_->start(); }
  int pid() const noexcept override { return wire_->pid(); }

  std::unique_ptr<Wire> take_pipe(int number) override {
    const bool swapped = plant_ == Plant::swap_outputs && number != 0;
    return with_plant(wire_->take_pipe(swapped ? 3 - number : number), plant_);
  }
  std::optional<int> returncode() const noexcept override {
    const std::optional<int> code = wire_->returncode();
    if (plant_ == Plant::signal_is_status && code && *code < 0) return 128 - *code;  // as a shell has it
    return code;
  }
  error_code send_signal(int number) override {
    if (plant_ == Plant::lose_signal && number == SIGINT) return {};
    if (plant_ == Plant::kill_terminates && number == SIGKILL) return wire_->send_signal(SIGTERM);
    return wire_->send_signal(number);
  }

 private:
  void on_readable() override {}
  void on_writable() override {}
  void on_hang_up() override {
    if (sink_ && plant_ != Plant::lose_exit) sink_->on_hang_up();
  }

  std::unique_ptr<ProcessWire> wire_;
  const Plant plant_;
  WireSink* sink_ = nullptr;
};

}  // namespace

std::unique_ptr<ProcessWire> with_plant(std::unique_ptr<ProcessWire> wire, Plant plant) {
  if (!wire || plant == Plant::none) return wire;
  return std::make_unique<PlantedProcessWire>(std::move(wire), plant);
}

}  // namespace twinwire::differential
