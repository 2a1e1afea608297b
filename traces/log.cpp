#include <twinwire/traces/log.hpp>

#include <string>

#include <fmt/format.h>

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
  return payload.size() > payload_shown ? text + "..." : text;
}

}  // namespace

void LogObserver::observe(const Observation& observation) {
  const auto nanoseconds = observation.time.time_since_epoch().count();
  std::string line =
      fmt::format("{:>6}.{:09} {:<12} {:<16} {}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000,
                  observation.host, observation.what, observation.entity);
  if (observation.offset != 0) line += fmt::format(" at {}", observation.offset);
  if (!observation.payload.empty()) {
    line += fmt::format(" {} bytes \"{}\"", observation.payload.size(), printable(observation.payload));
  }
  if (observation.error.failed()) line += " error: " + observation.error.message();
  std::fputs((line + "\n").c_str(), file_);
}

}  // namespace twinwire::traces
