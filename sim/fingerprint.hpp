// A number that differs as soon as anything in a run does.
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/choices.hpp>

#include <cstdint>

namespace twinwire::sim {

/// A rolling hash over every event and its payload. The same on every compiler and standard library.
class Fingerprint {
 public:
  void add(std::uint64_t a, std::uint64_t b) noexcept {
    value_ = detail::multiply_fold(value_ ^ a ^ 0x9e3779b97f4a7c15ULL, b ^ 0xd6e8feb86659fd93ULL) + a;
  }
  void add(Bytes payload) noexcept;
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0x2545f4914f6cdd1dULL;
};

}  // namespace twinwire::sim
