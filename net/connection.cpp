#include <twinwire/net/connection.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace twinwire {
namespace {

std::uint16_t checked_port(long number, std::string_view text) {
  if (number < 0 || number > 65535) {
    throw std::invalid_argument("port " + std::string(text) + " is not in the range 0 to 65535");
  }
  return static_cast<std::uint16_t>(number);
}

}  // namespace

Port::Port(int number)
    : number_(checked_port(number, std::to_string(number))), text_(std::to_string(number)) {}

Port::Port(std::string_view service) : text_(service) {
  if (service.empty()) return;
  long number = 0;
  const auto [end, error] = std::from_chars(service.data(), service.data() + service.size(), number);
  if (end != service.data() + service.size()) {
    number_.reset();  // a name, for the resolver
    return;
  }
  number_ = checked_port(error == std::errc{} ? number : -1, service);
}

}  // namespace twinwire
