#include <twinwire/traces/log.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <string>

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace twinwire::traces {
namespace {

constexpr std::size_t payload_shown = 32;

std::string printable(Bytes payload) {
  std::string text;
  for (const std::byte byte : payload.first(std::min(payload.size(), payload_shown))) {
    const char c = static_cast<char>(byte);
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
    }
  }
  return text;
}

}  // namespace

std::string log_line(const Observation& observation) {
  const auto nanoseconds = observation.time.time_since_epoch().count();
  std::string line =
      fmt::format("{:>6}.{:09} {:<12} {:<16} {}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000,
                  observation.host, observation.what, observation.entity);
  if (observation.offset != 0) line += fmt::format(" at {}", observation.offset);
  if (!observation.payload.empty()) {
    line += fmt::format(" {} bytes \"{}\"", observation.payload.size(), printable(observation.payload));
    if (observation.payload.size() > payload_shown) {
      line += "... hash " + to_hex(XXH3_64bits(observation.payload.data(), observation.payload.size()));
    }
  }
  if (observation.error.failed()) line += " error: " + observation.error.message();
  return line;
}

void LogObserver::observe(const Observation& observation) {
  std::fputs((log_line(observation) + "\n").c_str(), file_);
}

}  // namespace twinwire::traces
