#include "framing.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace dns {

std::string framed(const std::string& message) {
  if (message.size() > UINT16_MAX) throw std::length_error("a message is too long to be framed");
  const std::string length{static_cast<char>(message.size() >> 8U), static_cast<char>(message.size())};
  return length + message;
}

twinwire::awaitable<std::string> read_framed(twinwire::StreamReader reader) {
  const std::string length = co_await reader.read_exactly(2);
  const std::size_t upper = static_cast<unsigned char>(length[0]);
  const std::size_t lower = static_cast<unsigned char>(length[1]);
  co_return co_await reader.read_exactly(upper << 8U | lower);
}

}  // namespace dns
