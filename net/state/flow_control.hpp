// Water marks: when a protocol is asked to pause and to resume writing.
#pragma once

#include <twinwire/net/transport.hpp>

#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace twinwire::detail {

/// Decides; it calls nobody. Strictly above `high` pauses, at or below `low` resumes, in strict alternation.
class FlowControl {
 public:
  static constexpr WriteBufferLimits stream_defaults{16 * 1024, 64 * 1024};

  explicit FlowControl(WriteBufferLimits defaults = stream_defaults) noexcept : limits_(defaults) {}

  WriteBufferLimits limits() const noexcept { return limits_; }
  bool paused() const noexcept { return paused_; }
  /// pause_writing was called elsewhere, for what is now decided here.
  void set_paused() noexcept { paused_ = true; }

  /// Applies asyncio's rules for absent values, of which those of `defaults` are the last resort.
  void set_limits(std::optional<std::ptrdiff_t> high, std::optional<std::ptrdiff_t> low,
                  WriteBufferLimits defaults = stream_defaults) {
    const auto default_high = static_cast<std::ptrdiff_t>(defaults.high);
    const std::ptrdiff_t new_high = high ? *high : (low ? four_times(*low) : default_high);
    const std::ptrdiff_t new_low = low ? *low : new_high / 4;
    if (new_low < 0 || new_high < new_low) {
      throw std::invalid_argument("write buffer limits: high (" + std::to_string(new_high) +
                                  ") must not be below low (" + std::to_string(new_low) +
                                  "), and neither may be negative");
    }
    limits_ = {static_cast<std::size_t>(new_low), static_cast<std::size_t>(new_high)};
  }

  /// True if pause_writing is to be called now.
  bool should_pause(std::size_t size) noexcept {
    if (paused_ || size <= limits_.high) return false;
    return paused_ = true;
  }

  /// True if resume_writing is to be called now.
  bool should_resume(std::size_t size) noexcept {
    if (!paused_ || size > limits_.low) return false;
    paused_ = false;
    return true;
  }

 private:
  /// Bounded; a negative value, which is rejected later, stays as it is.
  static constexpr std::ptrdiff_t four_times(std::ptrdiff_t low) noexcept {
    constexpr std::ptrdiff_t largest = std::numeric_limits<std::ptrdiff_t>::max();
    if (low < 0) return low;
    return low > largest / 4 ? largest : 4 * low;
  }

  WriteBufferLimits limits_;
  bool paused_ = false;
};

}  // namespace twinwire::detail
